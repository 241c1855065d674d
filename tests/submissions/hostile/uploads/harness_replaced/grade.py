points = 10
