# SPDX-License-Identifier: MIT
"""Goal: --help says all that there is to say: each option with its type, range, default and exclusions, each
command, exit codes and examples; and nothing else.

Method: it is compared with help.txt word by word. How the words are laid out is left to CLI11.
"""
import os
import re

import support

with open(os.path.join(os.path.dirname(__file__), "help.txt"), encoding="ascii") as file:
    expected = dict(re.findall(r"^== (.*)\n((?:(?!== ).*\n)+)", file.read(), re.MULTILINE))


class help_text(support.case):
    def check(self, command):
        result = support.run(*command.split(), "--help")
        self.assertEqual((result.code, result.err), (0, ""))
        self.assertEqual(result.out.split(), expected[command].split())

    def test_the_help_of_each_program_is_complete(self):
        for program in ("message_producer", "message_consumer", "shmfifo"):
            self.check(program)

    def test_the_help_of_each_command_is_complete(self):
        commands = [command for command in expected if command.startswith("shmfifo ")]
        listed = re.findall(r"^  ([a-z]+) ", expected["shmfifo"].split("Subcommands:")[1].split("Exit codes")[0],
                            re.MULTILINE)
        self.assertEqual(commands, ["shmfifo " + one for one in listed])
        for command in commands:
            self.check(command)


if __name__ == "__main__":
    support.main()
