"""The command line of ``grade.py release``."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from graders.harness.catalog import Catalog
from graders.harness.errors import UsageError
from graders.harness.release.files import BundleFile, below, write_folder, write_zip
from graders.harness.release.learners import learners_bundle
from graders.harness.release.manifest import is_learners_bundle
from graders.harness.release.platforms import PLATFORMS
from graders.harness.report.terminal import make_console

#: The folder in a zip for learners, so that unpacking it fills no other.
TOP_FOLDER = "gpu-exercises"


def build_parser() -> argparse.ArgumentParser:
    """Return the command's parser."""
    parser = argparse.ArgumentParser(
        prog="grade.py release",
        description="Make a bundle for learners, or with --platform for a platform.",
    )
    parser.add_argument(
        "target",
        type=Path,
        metavar="DIR",
        help="a new folder, one with an earlier bundle, or a file that ends in .zip",
    )
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help="with --platform: what it grades; the default is all exercises",
    )
    parser.add_argument(
        "--platform",
        choices=tuple(PLATFORMS),
        help="a bundle for this platform: it holds solutions and hidden checks",
    )
    return parser


def main(argv: Sequence[str]) -> int:
    """Make a bundle and return 0."""
    options = build_parser().parse_args(argv)
    catalog = Catalog()
    if is_learners_bundle(catalog.root):
        msg = (
            "release: this is a learners' bundle itself, without solutions and hidden "
            "checks. Make bundles from the whole repository."
        )
        raise UsageError(msg)
    if options.names and not options.platform:
        msg = (
            f"release: the learners' bundle holds all exercises, not "
            f"{', '.join(options.names)} alone. Leave the names out, or name a platform."
        )
        raise UsageError(msg)
    target: Path = options.target
    if options.platform:
        exercises = catalog.select(options.names)
        files = PLATFORMS[options.platform](catalog, exercises if options.names else ())
        said = (
            f"for {options.platform}: it holds solutions and hidden checks, so give it to "
            "the platform and to nobody else"
        )
    else:
        files = learners_bundle(catalog)
        said = "for learners: no solution and no hidden check is in it"
    _write(target, files, top="" if options.platform else TOP_FOLDER)
    size = sum(len(file.content) for file in files) / 2**20
    make_console().print(
        f"{target}: {len(files)} files, {size:.1f} MB, {said}.", highlight=False
    )
    return 0


def _write(target: Path, files: Sequence[BundleFile], *, top: str) -> None:
    if target.suffix == ".zip":
        write_zip(target, below(top, files) if top else files)
    else:
        write_folder(target, files)
