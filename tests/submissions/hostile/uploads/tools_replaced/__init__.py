# Whoever runs this leaves a trace beside it.
import pathlib

pathlib.Path(__file__).with_name("hostile-canary-executed").touch()
raise SystemExit("executed")
