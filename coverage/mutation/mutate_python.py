# SPDX-License-Identifier: MIT
"""Puts all mutants of Python files into their text at once, each behind the switch of switch.py.

An expression becomes `(other if _mutant(7) else original)`, a statement `if not _mutant(8): statement`. One mutant at
a time is on, so an alternative holds the plain original of what is inside it.
"""
import ast
import copy
from pathlib import Path

SWITCH = Path(__file__).with_name("switch.py")
COMPARISONS = {ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
               ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In}
ARITHMETIC = {ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.FloorDiv, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
              ast.Mod: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.LShift: ast.RShift, ast.RShift: ast.LShift}
DELETED = (ast.Expr, ast.AugAssign, ast.For, ast.With, ast.Raise, ast.Assert, ast.Continue, ast.Break, ast.Delete)
COMMUTATIVE = ("max", "min")
OTHER_FUNCTION = {"any": "all", "all": "any", "max": "min", "min": "max"}


def call(name, *arguments):
    return ast.Call(ast.Name(name, ast.Load()), list(arguments), [])


def constant(value):
    return ast.Constant(value)


def negated(node):
    return ast.UnaryOp(ast.Not(), node)


def are_options(nodes):
    """Words of a command, which mean the same in any order."""
    return all(isinstance(one, ast.Constant) and str(one.value).startswith("-") for one in nodes)


def binds(node):
    """Does it bind a name that the rest of the function needs, by `:=`?"""
    return any(isinstance(one, ast.NamedExpr) for one in ast.walk(node))


def is_plain(node, *values):
    """Is it one of these constants, of the same type?"""
    return isinstance(node, ast.Constant) and any(node.value is value for value in values)


def changes_nothing(keyword):
    """An encoding that is the locale's wherever the tests run."""
    return keyword.arg == "encoding" and ast.unparse(keyword.value).lower() in ("'utf-8'", "'utf8'")


def is_about_files_of_the_interpreter(node):
    return isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "sys.dont_write_bytecode"


def is_deletable(node):
    """A name's first value is not deleted: using it would fail at once, in whatever test."""
    if isinstance(node, ast.Assign):
        return all(isinstance(target, (ast.Attribute, ast.Subscript)) for target in node.targets)
    return isinstance(node, DELETED)


def is_docstring(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


class Mutator(ast.NodeTransformer):
    """Collects the mutants of one file while it rewrites the tree."""

    def __init__(self, name, first):
        self.name, self.next = name, first
        self.function, self.counts, self.mutants = [], {}, []
        self.inside_text = False

    # -- a mutant ----------------------------------------------------------------------------------------------

    def number(self, node, operator, original, mutant):
        function = ".".join(self.function)
        base = f"{self.name}:{function or 'file'}:{operator}:{original} -> {mutant}"[:240]
        count = self.counts[base] = self.counts.get(base, 0) + 1
        self.mutants.append({
            "id": self.next, "key": base + (f"#{count}" if count > 1 else ""), "file": self.name, "line": node.lineno,
            "function": function, "operator": operator, "original": original, "mutant": mutant})
        self.next += 1
        return call("_mutant", constant(self.next - 1))

    def alternatives(self, original, rewritten, choices):
        """`rewritten` with each (operator, alternative) before it."""
        text = ast.unparse(original)
        seen = {text}
        for operator, alternative in choices:
            mutant = ast.unparse(ast.fix_missing_locations(alternative))
            if mutant not in seen:
                seen.add(mutant)
                switch = self.number(original, operator, text, mutant)
                rewritten = ast.IfExp(switch, alternative, rewritten)
        return rewritten

    def expression(self, node, choices):
        original = copy.deepcopy(node)
        return self.alternatives(original, self.generic_visit(node), choices)

    # -- expressions -------------------------------------------------------------------------------------------

    def visit_Constant(self, node):
        value, choices = node.value, []
        if isinstance(value, bool):
            choices = [("constant exchanged", constant(not value))]
        elif isinstance(value, (int, float)):
            choices = [("constant off by one", constant(value + 1)), ("constant off by one", constant(value - 1)),
                       ("constant zero", constant(type(value)(0)))]
        elif isinstance(value, str) and value and not self.inside_text:
            choices = [("text emptied", constant(""))]
        return self.expression(node, choices)

    def visit_JoinedStr(self, node):
        self.inside_text, before = True, self.inside_text
        try:
            return self.generic_visit(node)
        finally:
            self.inside_text = before

    def visit_FormattedValue(self, node):
        node.value = self.visit(node.value)  # not the format
        return node

    def visit_UnaryOp(self, node):
        if isinstance(node.op, ast.Not):
            return self.expression(node, [("condition negated", copy.deepcopy(node.operand))])
        if isinstance(node.op, ast.USub) and isinstance(node.operand, ast.Constant):
            return self.expression(node, [("sign dropped", copy.deepcopy(node.operand))])
        return self.generic_visit(node)

    def visit_Compare(self, node):
        choices = []
        if not binds(node):
            for at, op in enumerate(node.ops):
                if other := COMPARISONS.get(type(op)):
                    new = copy.deepcopy(node)
                    new.ops[at] = other()
                    choices.append(("comparison exchanged", new))
        return self.expression(node, choices)

    def visit_BinOp(self, node):
        choices = []
        if other := ARITHMETIC.get(type(node.op)):
            new = copy.deepcopy(node)
            new.op = other()
            choices = [("arithmetic exchanged", new), ("operand dropped", copy.deepcopy(node.left))]
        return self.expression(node, choices)

    def visit_BoolOp(self, node):
        new = copy.deepcopy(node)
        new.op = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        choices = [] if binds(node) else [("and and or exchanged", new)]
        for at in range(len(node.values)):
            if not binds(node.values[at]):
                rest = copy.deepcopy(node.values[:at] + node.values[at + 1:])
                choices.append(("operand dropped", rest[0] if len(rest) == 1 else ast.BoolOp(copy.copy(node.op), rest)))
        return self.expression(node, choices)

    def visit_Call(self, node):
        choices, plain = [], [not isinstance(one, ast.Starred) and not binds(one) for one in node.args]
        name = node.func.id if isinstance(node.func, ast.Name) else ""
        for at in range(len(node.args) - 1):
            if plain[at] and plain[at + 1] and name not in COMMUTATIVE and not are_options(node.args[at:at + 2]):
                new = copy.deepcopy(node)
                new.args[at], new.args[at + 1] = new.args[at + 1], new.args[at]
                choices.append(("arguments exchanged", new))
        if len(plain) > 1 and plain[-1]:
            new = copy.deepcopy(node)
            del new.args[-1]
            choices.append(("argument dropped", new))
        for at, keyword in enumerate(node.keywords):
            if keyword.arg is not None and not changes_nothing(keyword):
                new = copy.deepcopy(node)
                del new.keywords[at]
                choices.append(("argument dropped", new))
        if name in OTHER_FUNCTION and not binds(node):
            new = copy.deepcopy(node)
            new.func.id = OTHER_FUNCTION[name]
            choices.append(("function exchanged", new))
        if name == "sorted" and node.args:
            choices.append(("call dropped", call("list", copy.deepcopy(node.args[0]))))
        return self.expression(node, choices)

    def visit_IfExp(self, node):
        return self.visit_condition(node)

    def visit_comprehension(self, node):
        conditions = [copy.deepcopy(one) for one in node.ifs]
        node = self.generic_visit(node)
        node.ifs = [one if binds(one) else self.condition(old, one) for old, one in zip(conditions, node.ifs)]
        return node

    def condition(self, original, rewritten):
        return self.alternatives(original, rewritten, [
            ("condition true", constant(True)), ("condition false", constant(False)),
            ("condition negated", negated(copy.deepcopy(original)))])

    def visit_condition(self, node):
        original = copy.deepcopy(node.test)
        node = self.generic_visit(node)
        if binds(original):
            node.test = self.alternatives(original, node.test, [("condition negated", negated(copy.deepcopy(original)))])
        elif isinstance(node, ast.While):  # with a condition always true it would not end: `break` is deleted instead
            node.test = self.alternatives(original, node.test, [("condition false", constant(False))])
        else:
            node.test = self.condition(original, node.test)
        return node

    # -- statements --------------------------------------------------------------------------------------------

    def statements(self, body):
        """The statements, each behind a switch that deletes it. An `if` has its condition, a definition its body."""
        done = []
        for node in body:
            if is_docstring(node) or is_about_files_of_the_interpreter(node):
                done.append(node)
                continue
            original = copy.deepcopy(node)
            new = self.visit(node)
            if isinstance(original, ast.Return):
                new = self.returned(original, new)
            elif is_deletable(original):
                text = ast.unparse(original).split("\n")[0]
                new = ast.If(negated(self.number(original, "statement deleted", text, "")), [new], [])
            done.append(new)
        return done

    def returned(self, original, new):
        if original.value is None:
            return ast.If(negated(self.number(original, "return deleted", "return", "")), [new], [])
        new.value = self.alternatives(original.value, new.value, [
            ("return value replaced", constant(value)) for value in self.other_values(original.value)])
        return new

    def other_values(self, value):
        """What a function returns instead. Not what is the same to callers that compare or test it; the exit code of a
        program is 0 for None, too."""
        if is_plain(value, 1):
            return (None, 0)
        if is_plain(value, False):
            return (None, True)
        return (True,) if is_plain(value, 0) and self.function == ["main"] else (None, True, 0)

    def generic_visit(self, node):
        for name, value in ast.iter_fields(node):
            if name in ("body", "orelse", "finalbody") and isinstance(value, list) and not isinstance(node, ast.Module):
                continue
            if name in ("annotation", "returns", "decorator_list", "bases", "pattern", "ctx"):
                continue
            if isinstance(value, list) and not name == "body":
                value[:] = [self.visit(one) if isinstance(one, ast.AST) else one for one in value]
            elif isinstance(value, ast.AST):
                setattr(node, name, self.visit(value))
        for name in ("body", "orelse", "finalbody"):
            if isinstance(getattr(node, name, None), list):
                setattr(node, name, self.statements(getattr(node, name)))
        return node

    def visit_If(self, node):
        return self.visit_condition(node)

    visit_While = visit_If

    def visit_Import(self, node):
        return node

    visit_ImportFrom = visit_Global = visit_Nonlocal = visit_Import

    def visit_AnnAssign(self, node):
        if node.value is not None:
            node.value = self.visit(node.value)
        return node

    def visit_FunctionDef(self, node):
        self.function.append(node.name)
        original = copy.deepcopy(node)
        node = self.generic_visit(node)
        body = original.body[1:] if is_docstring(original.body[0]) else original.body
        if len(body) > 1:
            at = len(original.body) - len(body)
            switch = self.number(body[0], "early return", ast.unparse(body[0]).split("\n")[0], "return")
            node.body.insert(at, ast.If(switch, [ast.Return(None)], []))
        self.function.pop()
        return node

    def visit_ClassDef(self, node):
        self.function.append(node.name)
        node = self.generic_visit(node)
        self.function.pop()
        return node


def is_start(node):
    """`if __name__ == "__main__":`: which programs of the tests do not run as they import, others run always."""
    return isinstance(node, ast.If) and ast.unparse(node.test).startswith("__name__ ==")


def mutate_text(name, text, first):
    """(the text with all mutants in it, the mutants)"""
    tree = ast.parse(text)
    mutator = Mutator(name, first)
    head = 0
    while head < len(tree.body) and (head == 0 and is_docstring(tree.body[0])
                                     or isinstance(tree.body[head], ast.ImportFrom) and tree.body[head].module == "__future__"):
        head += 1
    switch = ast.parse(SWITCH.read_text(encoding="utf-8")).body[1:]  # without its docstring
    rest = []
    for node in tree.body[head:]:
        if is_start(node):
            node.body = mutator.statements(node.body)
            rest.append(node)
        else:
            rest += mutator.statements([node])
    tree.body = [*tree.body[:head], *switch, *rest]
    start = text.split("\n")[0] + "\n" if text.startswith("#!") else ""
    return start + ast.unparse(ast.fix_missing_locations(tree)) + "\n", mutator.mutants


def mutate_files(root, files, first):
    """Rewrites the files below `root`; returns their mutants, numbered from `first`."""
    mutants = []
    for name in files:
        path = Path(root) / name
        text, found = mutate_text(name, path.read_text(encoding="utf-8"), first + len(mutants))
        path.write_text(text, encoding="utf-8")
        mutants += found
    return mutants
