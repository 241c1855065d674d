# Does not end at import, and will not be stopped kindly.
# expect: failed values timed_out
# says: Importing scale.py took too long: it did not return within 5 s and was stopped.
import signal

for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_IGN)
print("printed before it hung", flush=True)
while True:
    signal.pause()
