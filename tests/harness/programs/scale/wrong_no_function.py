# Has something else under the function's name.
# expect: failed values import_failed
# says: scale is not a function but 'int'. Expected was the function of the stub
scale = 3
