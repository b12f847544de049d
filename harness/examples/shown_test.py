# SPDX-License-Identifier: MIT
"""Goal: a document shows the very example that is compiled, and it stays under sixty lines.
Method: the file's text has to stand in a ```cpp block; a changed copy of it must not."""
import re
import sys

document, example = sys.argv[1:]
text = open(example, encoding="utf-8").read()
blocks = re.findall(r"```cpp\n(.*?)```", open(document, encoding="utf-8").read(), re.DOTALL)
assert text in blocks, f"{document} does not show {example} as it is"
assert text.replace("SOCK_DGRAM", "SOCK_STREAM") not in blocks, "this check cannot fail"
assert text.count("\n") < 60, f"{example} has {text.count(chr(10))} lines; fewer than 60 were promised"
