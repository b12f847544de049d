"""Two loops, one tested by a test whose time-out is a kill."""


def countdown(number):
    while number:
        number -= 1


def endless(number):
    while number:
        number -= 1
