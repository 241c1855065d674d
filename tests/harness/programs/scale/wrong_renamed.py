# Has the function under a name that is nearly right.
# expect: failed values import_failed
# says: scale.py has no function 'scale'. There is a 'scaled': rename it.


def scaled(image, factor):
    return image * factor
