# SPDX-License-Identifier: MIT
"""Compiles all mutants of C++ files at once: each becomes an alternative behind a switch of switch.hpp.

clang's tree says where expressions and statements begin and end; the text between stays as it is, on its line. A
mutant is a replaced range of text. Ranges nest: the original text of a range holds the alternatives of the ranges
inside it, an alternative holds plain text, so that one mutant at a time is active and the text stays short.

What has to be constant when compiling (static_assert, template arguments, array bounds, labels, constexpr variables)
has no mutants where it is defined; where a constant is used at run time, its use has.
"""
import json
import re
import shlex
import subprocess
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from clang import cindex
from clang.cindex import CursorKind as Kind
from clang.cindex import TypeKind

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "%": "/", "<<": ">>", ">>": "<<", "&": "|", "|": "&", "^": "&"}
OPERANDS_DROP = {"+", "-", "|", "&", "%", "<<", ">>"}  # the left operand alone; for + and |, also the right one
ASSIGNMENTS = {"+=": "-=", "-=": "+=", "*=": "/=", "/=": "*=", "|=": "&=", "&=": "|=", "<<=": ">>=", ">>=": "<<="}
DURATION = re.compile(r"(\d[\d']*)(h|min|s|ms|us|ns)$")
OTHER_UNIT = {"h": "min", "min": "s", "s": "ms", "ms": "us", "us": "ns", "ns": "us"}
LOAD = re.compile(r"[\w.>-]+\.(load|fetch_or)\(")  # of a shared word, through the seam
ENDLESS = re.compile(r"for \(;;\)")  # left by return only: the compiler takes what follows to be unreachable
EMPTY = {"{}", "nullptr", "0", "std::nullopt"}  # `return {}` is the same
STATEMENTS = {Kind.IF_STMT, Kind.WHILE_STMT, Kind.DO_STMT, Kind.FOR_STMT, Kind.CXX_FOR_RANGE_STMT, Kind.SWITCH_STMT}
JUMPS = {Kind.BREAK_STMT, Kind.CONTINUE_STMT}
FUNCTIONS = {Kind.FUNCTION_DECL, Kind.CXX_METHOD, Kind.CONSTRUCTOR, Kind.DESTRUCTOR, Kind.FUNCTION_TEMPLATE,
             Kind.CONVERSION_FUNCTION}
CONSTANT = {Kind.STATIC_ASSERT, Kind.ENUM_DECL, Kind.CONCEPT_DECL, Kind.REQUIRES_EXPR, Kind.TYPE_ALIAS_DECL,
            Kind.TYPEDEF_DECL, Kind.TEMPLATE_TYPE_PARAMETER, Kind.TEMPLATE_NON_TYPE_PARAMETER, Kind.TYPE_REF,
            Kind.TEMPLATE_REF, Kind.NAMESPACE_REF, Kind.ALIGNED_ATTR, Kind.CXX_UNARY_EXPR, Kind.TEMPLATE_TEMPLATE_PARAMETER,
            Kind.TYPE_ALIAS_TEMPLATE_DECL, Kind.PARM_DECL}
INTEGERS = {TypeKind.CHAR_U, TypeKind.UCHAR, TypeKind.USHORT, TypeKind.UINT, TypeKind.ULONG, TypeKind.ULONGLONG,
            TypeKind.CHAR_S, TypeKind.SCHAR, TypeKind.SHORT, TypeKind.INT, TypeKind.LONG, TypeKind.LONGLONG}


class Choice(NamedTuple):
    """A mutant before it has a number: `text` stands in place of the range when it is on."""
    operator: str
    text: str


class Place:
    """A range of text and what may stand there instead. `form` says how the two are joined."""

    def __init__(self, start, end, form, function):
        self.start, self.end, self.form, self.function = start, end, form, function
        self.choices = []


class Effects(NamedTuple):
    """What a statement does, as far as its text says so: names with their members, `a.b`."""
    set: set
    named: set
    callee: str  # of a call that is the whole statement
    calls: bool


NAME = r"[A-Za-z_]\w*(?:(?:\.|->|::)[A-Za-z_]\w*)*"


def effects_of(text):
    """Of an assignment, or of a call whose arguments are names and numbers, each of which it may set; else None."""
    call = re.fullmatch(rf"((?:std::)?\w+)\((?:(?:{NAME}|\d+)(?:, |(?=\))))*\)", text)
    if call:
        names = set(re.findall(NAME, text[call.end(1):]))
        return Effects(names, names, call[1], not call[1].startswith("std::"))
    assignment = re.fullmatch(rf"({NAME}) = (.+)", text)
    if not assignment:
        return None
    right = re.sub(r"[!=<>]=|sizeof\([^()]*\)| \* ", " ", assignment[2])
    if re.search(r"[=&*\[{]|\+\+|--|(\.|->|::)\w+\(|\)\(", right):
        return None  # it sets more, or calls what may know anything
    return Effects({assignment[1]}, set(re.findall(NAME, right)), "", "(" in right)


def overlap(some, others):
    """Is one of these names one of the others, a member of it, or what it is a member of?"""
    return any(re.match(rf"{re.escape(short)}(\W|$)", long)
               for one in some for other in others for short, long in ((one, other), (other, one)))


def flatten(text):
    return re.sub(r"\s+", " ", text).strip()


def is_constant(declaration):
    return "constexpr" in [token.spelling for token in list(declaration.get_tokens())[:6]]


def is_constant_zero(declaration):
    """Is it written as `constexpr ... name = 0`? A variable that begins with 0 may be another number later."""
    return is_constant(declaration) and [token.spelling for token in declaration.get_tokens()][-2:] == ["=", "0"]


class File:
    """The places of one file, found in clang's tree of a translation unit that holds it."""

    def __init__(self, name, text):
        self.name, self.text = name, text  # latin-1, so that an index is clang's offset
        self.places = {}
        self.macros = []
        self.zeros = set()  # ranges of macros that are zero
        self.functions = []  # (start, end, name), to name the place of a mutant
        self.tails = {}  # where a variable that is a condition ends: its name
        self.swaps = []  # (first statement's range, second's, function): neighbours to exchange
        self.loaded = {}  # what holds a value that was loaded, by the end of the load: its text, the load's
        self.discarded = set()  # ranges of expressions that are statements: nobody asks for their value

    # -- collecting ------------------------------------------------------------------------------------------

    def collect(self, unit, path):
        for cursor in unit.cursor.get_children():
            found = cursor.location.file
            if found is None or found.name != path:
                continue
            if cursor.kind == Kind.MACRO_INSTANTIATION:
                self.macros.append(self.range(cursor))
                definition = cursor.referenced
                if definition is not None and re.fullmatch(r"0x?0*", " ".join(
                        token.spelling for token in list(definition.get_tokens())[1:])):
                    self.zeros.add(self.range(cursor))
            elif cursor.kind not in (Kind.MACRO_DEFINITION, Kind.INCLUSION_DIRECTIVE):
                self.visit(cursor, "", False)

    def slice(self, cursor):
        return self.text[cursor.extent.start.offset:cursor.extent.end.offset]

    def range(self, cursor):
        return cursor.extent.start.offset, cursor.extent.end.offset

    def inside_macro(self, start, end):
        return any(low <= start and end <= high for low, high in self.macros)

    def add(self, cursor, form, function, *choices):
        start, end = self.range(cursor)
        self.add_range(start, end, form, function, *choices)

    def add_range(self, start, end, form, function, *choices):
        if not choices or start >= end and form != "tail":
            return
        if any("#" in choice.text for choice in choices):
            return  # a directive of the preprocessor must keep its line
        outer = form in ("statement", "block", "tail")
        place = self.places.setdefault((start, end, outer), Place(start, end, form, function))
        known = {choice.text for choice in place.choices} | {self.text[start:end]}
        for choice in choices:
            if choice.text not in known:
                place.choices.append(choice)
                known.add(choice.text)

    def visit(self, cursor, function, running):
        """`running`: this is code that is carried out, not a declaration."""
        kind = cursor.kind
        if kind in CONSTANT or kind.is_attribute() or kind.is_reference() and kind != Kind.MEMBER_REF:
            return
        if kind in FUNCTIONS or kind == Kind.LAMBDA_EXPR:
            self.visit_function(cursor, function)
            return
        if kind == Kind.VAR_DECL and self.is_constant(cursor, running):
            return
        children = list(cursor.get_children())
        if running or kind in (Kind.VAR_DECL, Kind.FIELD_DECL):
            self.visit_code(cursor, children, function)
            running = True
        if kind == Kind.CASE_STMT:
            children = children[1:]
        elif kind == Kind.IF_STMT and re.match(r"if\s+constexpr\b", self.slice(cursor)):
            children = children[1:]
        elif kind in (Kind.VAR_DECL, Kind.FIELD_DECL):
            children = self.initialiser(cursor, children)
        for child in children:
            self.visit(child, function, running)

    def is_constant(self, cursor, running):
        head = self.slice(cursor).split("=")[0].split("{")[0]
        return bool(re.search(r"\bconst(expr|init)\b", head)) or not running and bool(re.search(r"\bconst\b", head))

    def initialiser(self, cursor, children):
        """The children after the name: not an array's bound, not a bit field's width."""
        name = cursor.location.offset
        found = re.compile(r"[={(]").search(self.text, name + len(cursor.spelling), cursor.extent.end.offset)
        if not found:
            return []
        return [child for child in children if child.extent.start.offset >= found.start()]

    def visit_function(self, cursor, outer):
        children = list(cursor.get_children())
        body = next((child for child in children if child.kind == Kind.COMPOUND_STMT), None)
        if body is None or not cursor.is_definition() and cursor.kind != Kind.LAMBDA_EXPR:
            return
        head = self.text[cursor.extent.start.offset:body.extent.start.offset]
        if re.search(r"\bconsteval\b", head):
            return
        if cursor.kind == Kind.LAMBDA_EXPR:
            name = outer
        else:
            parent = cursor.semantic_parent
            name = cursor.spelling.split("<")[0]
            if parent is not None and parent.kind in (Kind.CLASS_DECL, Kind.STRUCT_DECL, Kind.CLASS_TEMPLATE):
                name = f"{parent.spelling}::{name}"
        constant = bool(re.search(r"\bconstexpr\b", head))
        self.functions.append((*self.range(body), name, constant))
        first = body.extent.start.offset
        if cursor.kind != Kind.LAMBDA_EXPR and len(list(body.get_children())) > 1:
            result = self.result_of(cursor)
            if result is not None:
                self.add_range(first, first + 1, "entry", name, Choice("early return", f"return{result};"))
        for child in children:
            if child.kind != Kind.PARM_DECL:
                self.visit(child, name, True)

    def result_of(self, cursor):
        """What `return` may be followed by, as text; None if nothing can be made up."""
        if cursor.kind in (Kind.CONSTRUCTOR, Kind.DESTRUCTOR) or cursor.result_type.kind == TypeKind.VOID:
            return ""
        kind = cursor.result_type.get_canonical().kind
        if kind in (TypeKind.LVALUEREFERENCE, TypeKind.RVALUEREFERENCE) or "auto" in cursor.result_type.spelling:
            return None
        return " {}"

    def visit_code(self, cursor, children, function):
        kind = cursor.kind
        if kind == Kind.COMPOUND_STMT:
            self.visit_block(children, function)
        elif kind == Kind.IF_STMT:
            self.visit_if(cursor, children, function)
        elif kind == Kind.WHILE_STMT:
            self.condition(children[0], function, loop=True)
        elif kind == Kind.FOR_STMT:
            self.visit_for(cursor, children, function)
        elif kind == Kind.DO_STMT:
            self.condition(children[-1], function, loop=True)
        elif kind == Kind.CONDITIONAL_OPERATOR:
            self.condition(children[0], function)
        elif kind == Kind.RETURN_STMT and children:
            self.visit_return(cursor, children[0], function)
        elif not self.inside_macro(*self.range(cursor)) or self.range(cursor) in self.macros:
            self.visit_expression(cursor, children, function)
        if kind in (Kind.WHILE_STMT, Kind.FOR_STMT, Kind.CXX_FOR_RANGE_STMT, Kind.CASE_STMT, Kind.DEFAULT_STMT):
            self.statement(children[-1], function)  # without braces

    def visit_block(self, children, function):
        previous = None
        for child in children:
            self.statement(child, function)
            plain = self.is_plain(child)
            if previous is not None and plain:
                between = self.text[previous.extent.end.offset:child.extent.start.offset]
                jumps = child.kind == Kind.CXX_THROW_EXPR  # what comes behind it is deleted
                if flatten(re.sub(r"//.*", "", between)) == ";" and not jumps and not self.independent(previous, child):
                    self.swaps.append((self.range(previous), self.range(child), function))
            previous = child if plain else None

    def independent(self, first, second):
        """Neither names what the other one sets: their order cannot matter."""
        one, other = effects_of(flatten(self.slice(first))), effects_of(flatten(self.slice(second)))
        if one is None or other is None or "" not in (one.callee, other.callee) and one.callee != other.callee:
            return False
        members = any(re.search(r"_\b", name) for name in one.set | other.set)  # which a call may know
        if members and (one.calls or other.calls):
            return False
        return not overlap(one.set, other.set | other.named) and not overlap(other.set, one.named)

    def is_plain(self, cursor):
        return cursor.kind.is_expression() and not re.match(r"\(void\)|static_cast<void>\(\w+\)$", self.slice(cursor))

    def statement(self, cursor, function):
        where = self.range(cursor)
        if self.inside_macro(*where) and where not in self.macros:
            return
        if self.is_plain(cursor):
            self.discarded.add(where)
            self.add(cursor, "statement", function, Choice("statement deleted", ""))
        elif cursor.kind in JUMPS:
            self.add(cursor, "statement", function, Choice("jump deleted", ""))
        elif cursor.kind == Kind.RETURN_STMT and not list(cursor.get_children()):
            self.add(cursor, "statement", function, Choice("return deleted", ""))
        elif cursor.kind in (Kind.FOR_STMT, Kind.CXX_FOR_RANGE_STMT, Kind.WHILE_STMT):
            if not ENDLESS.match(self.slice(cursor)):
                self.add(cursor, "block", function, Choice("loop deleted", ""))

    def visit_if(self, cursor, children, function):
        head = self.slice(cursor)
        if re.match(r"if\s+constexpr\b|if\s+consteval\b", head):
            return
        first = next(index for index, child in enumerate(children) if child.kind.is_expression())
        self.bare_condition(children[first], children[:first], function)
        for child in children[first + 1:]:
            self.statement(child, function)  # without braces

    def bare_condition(self, cursor, before, function):
        """A condition, or the variable whose value it is: then the condition is written out behind it."""
        start, end = self.range(cursor)
        for variable in before:
            low, high = self.range(variable)
            if low <= start and end <= high:
                name = self.slice(cursor)
                if variable.kind == Kind.VAR_DECL and re.fullmatch(r"\w+", name):
                    self.add_range(high, high, "tail", function, Choice("condition true", "true"),
                                   Choice("condition false", "false"), Choice("condition negated", f"!{name}"))
                    self.tails[high] = name
                return
        self.condition(cursor, function)

    def visit_for(self, cursor, children, function):
        head = self.text[cursor.extent.start.offset:children[-1].extent.start.offset]
        parts = [child for child in children[:-1] if child.kind.is_expression()]
        semicolons = [match.start() + cursor.extent.start.offset for match in re.finditer(";", head)]
        for part in parts:
            start = part.extent.start.offset
            if len(semicolons) == 2 and semicolons[0] < start < semicolons[1]:
                self.condition(part, function, loop=True)

    def condition(self, cursor, function, loop=False):
        if self.inside_macro(*self.range(cursor)):
            return
        text = self.slice(cursor)
        if not text or text in ("true", "false"):
            return
        choices = [Choice("condition false", "false"), Choice("condition negated", f"!({text})")]
        if not loop:
            choices.insert(0, Choice("condition true", "true"))
        self.add(cursor, "condition", function, *choices)

    def visit_return(self, cursor, value, function):
        kind = value.type.get_canonical().kind
        if kind == TypeKind.BOOL:
            self.add(value, "condition", function, Choice("return true", "true"), Choice("return false", "false"))
        elif flatten(self.slice(value)) not in EMPTY and not self.is_zero(value):
            self.add(cursor, "return", function, Choice("return value replaced", "return {};"))

    def is_zero(self, value):
        """The first of an enumeration, or a constant that is written as 0: what {} stands for."""
        target = value.referenced
        if target is not None and target.kind == Kind.VAR_DECL:
            return is_constant_zero(target)
        return target is not None and target.kind == Kind.ENUM_CONSTANT_DECL and target.enum_value == 0

    def is_integer(self, cursor):
        return cursor.type.get_canonical().kind in INTEGERS

    def visit_expression(self, cursor, children, function):
        kind, text = cursor.kind, self.slice(cursor)
        if DURATION.match(text):
            self.add(cursor, "value", function, *self.other_numbers(text))
        elif kind in (Kind.BINARY_OPERATOR, Kind.COMPOUND_ASSIGNMENT_OPERATOR) and len(children) == 2:
            self.visit_binary(cursor, children, function)
        elif kind == Kind.UNARY_OPERATOR and children:
            self.visit_unary(cursor, children[0], function)
        elif kind == Kind.INTEGER_LITERAL and self.range(cursor) not in self.zeros and self.text[cursor.extent.start.offset - 1] not in ".<":
            self.add(cursor, "value", function, *self.other_numbers(text))
        elif kind == Kind.CXX_BOOL_LITERAL_EXPR:
            self.add(cursor, "value", function, Choice("constant exchanged", "false" if text == "true" else "true"))
        elif kind == Kind.STRING_LITERAL and len(text) > 2 and re.fullmatch(r'"[^"\\%{}]*"', text):
            self.add(cursor, "value", function, Choice("text replaced", '"~"'))
        elif kind == Kind.VAR_DECL and cursor.type.is_const_qualified() and children:
            self.note_load(cursor, children[-1])
        elif kind == Kind.DECL_REF_EXPR:
            self.visit_name(cursor, function)
            self.load_again(cursor, function)
        elif kind == Kind.MEMBER_REF_EXPR:
            self.load_again(cursor, function)
        elif kind == Kind.CALL_EXPR:
            self.visit_call(cursor, children, function)

    def other_numbers(self, text):
        duration = DURATION.match(text)
        if duration:
            number, unit = duration.groups()
            return [Choice("other unit", number + OTHER_UNIT[unit]), Choice("constant zero", "0" + unit),
                    Choice("constant off by one", f"({text} + 1{unit})")]
        if re.match(r"[A-Za-z_]", text):
            return [Choice("constant zero", "0")]  # a macro: the number beside it means something unrelated
        choices = [Choice("constant off by one", f"({text} + 1)")]
        if not re.fullmatch(r"0[uUlLzZ]*", text):
            choices.append(Choice("constant off by one", f"({text} - 1)"))
            if not re.fullmatch(r"1[uUlLzZ]*", text):
                choices.append(Choice("constant zero", "0"))
        return choices

    def note_load(self, cursor, value):
        """The seam of a template may be one that somebody listens at, or that gives another value each time."""
        name = self.body_at(value.extent.start.offset), cursor.spelling if cursor.kind == Kind.VAR_DECL else self.slice(cursor)
        if value.kind == Kind.CALL_EXPR and value.referenced is None and LOAD.match(self.slice(value)):
            self.loaded[name] = value.extent.end.offset, self.slice(value)

    def load_again(self, cursor, function):
        """A value that was loaded is used: by then another process may have changed the word."""
        start = cursor.extent.start.offset
        end, load = self.loaded.get((self.body_at(start), self.slice(cursor)), (start, ""))
        if end < start:
            self.add(cursor, "value", function, Choice("loaded twice", f"({load})"))

    def visit_binary(self, cursor, children, function):
        left, right = children
        start, end = self.range(left)[1], self.range(right)[0]
        sign = flatten(re.sub(r"/\*.*?\*/|//[^\n]*", "", self.text[start:end]))
        first, second = self.slice(left), self.slice(right)
        if sign in ("&&", "||"):
            for operand in children:
                self.condition(operand, function)
            other = "||" if sign == "&&" else "&&"
            self.add(cursor, "condition", function, Choice("operator exchanged", f"({first}) {other} ({second})"))
        elif sign == "=" and left.kind == Kind.MEMBER_REF_EXPR:
            self.note_load(left, right)
        elif sign in COMPARISONS:
            self.add(cursor, "condition", function, Choice("comparison exchanged", f"{first} {COMPARISONS[sign]} {second}"))
        elif sign in ASSIGNMENTS:
            self.add(cursor, "value", function,
                     Choice("operator exchanged", f"({first} {ASSIGNMENTS[sign]} {second})"),
                     Choice("operator exchanged", f"({first} = {second})"))
        elif sign in ARITHMETIC and (self.is_integer(cursor) or cursor.type.kind in (TypeKind.DEPENDENT, TypeKind.POINTER)):
            choices = [Choice("operator exchanged", f"(({first}) {ARITHMETIC[sign]} ({second}))")]
            if sign in OPERANDS_DROP:
                choices.append(Choice("operand dropped", f"({first})"))
            if sign in ("+", "|", "&"):
                choices.append(Choice("operand dropped", f"({second})"))
            self.add(cursor, "value", function, *choices)

    def visit_unary(self, cursor, operand, function):
        text, inner = self.slice(cursor), self.slice(operand)
        if text.startswith("++"):
            self.add(cursor, "value", function, Choice("operator exchanged", f"(--{inner})"))
        elif text.startswith("--"):
            self.add(cursor, "value", function, Choice("operator exchanged", f"(++{inner})"))
        elif text.endswith("++"):
            self.add(cursor, "value", function, Choice("operator exchanged", f"({inner}--)"))
        elif text.endswith("--"):
            self.add(cursor, "value", function, Choice("operator exchanged", f"({inner}++)"))
        elif text.startswith(("~", "-")):
            self.add(cursor, "value", function, Choice("operator dropped", f"({inner})"))
        elif text.startswith("!"):
            self.add(cursor, "condition", function, Choice("condition negated", f"bool({inner})"))

    def visit_name(self, cursor, function):
        """The use of a named constant."""
        target = cursor.referenced
        if target is None:
            return
        text = self.slice(cursor)
        if target.kind == Kind.ENUM_CONSTANT_DECL:
            if "memory_order" in target.type.spelling or target.type.spelling.endswith("site"):
                return  # orders: the model checker's matrix; sites are names
            names = [one.spelling for one in target.semantic_parent.get_children()
                     if one.kind == Kind.ENUM_CONSTANT_DECL and one.spelling != "count"]
            other = names[(names.index(target.spelling) + 1) % len(names)] if target.spelling in names else ""
            if other and other != target.spelling and text.endswith(target.spelling):
                self.add(cursor, "value", function,
                         Choice("constant exchanged", text[:len(text) - len(target.spelling)] + other))
        elif target.kind == Kind.VAR_DECL and target.type.is_const_qualified() and self.is_integer(cursor):
            if is_constant(target):
                self.add(cursor, "value", function, Choice("constant off by one", f"({text} + 1)"),
                         Choice("constant off by one", f"({text} - 1)"),
                         *([] if is_constant_zero(target) else [Choice("constant zero", "0")]))

    def visit_call(self, cursor, children, function):
        text, arguments = self.slice(cursor), list(cursor.get_arguments())
        arguments = [one for one in arguments if one is not None and one.extent.end.offset > one.extent.start.offset]
        if not text.endswith(")") or "operator" in cursor.spelling:
            return
        base = cursor.extent.start.offset
        result = cursor.referenced.result_type.kind if cursor.referenced is not None else cursor.type.kind
        form = "call" if result not in (TypeKind.VOID, TypeKind.LVALUEREFERENCE) else "void"
        for first, second in zip(arguments, arguments[1:] if cursor.spelling not in ("min", "max", "swap") else ()):
            one, two = self.slice(first), self.slice(second)
            same = first.type.get_canonical().spelling == second.type.get_canonical().spelling
            if same and one != two and first.type.kind != TypeKind.DEPENDENT:
                low, high = first.extent.start.offset - base, second.extent.end.offset - base
                middle = self.text[first.extent.end.offset:second.extent.start.offset]
                self.add(cursor, "value", function,
                         Choice("arguments exchanged", text[:low] + two + middle + one + text[high:]))
        for argument in arguments:
            if argument.kind in (Kind.DECL_REF_EXPR, Kind.MEMBER_REF_EXPR, Kind.UNEXPOSED_EXPR) and self.is_integer(argument):
                name = self.slice(argument)
                if re.fullmatch(r"[A-Za-z_][\w.>:-]*", name) and not self.inside_macro(*self.range(argument)):
                    low, high = argument.extent.start.offset - base, argument.extent.end.offset - base
                    self.add(cursor, "value", function, Choice("argument zero", f"{text[:low]}decltype({name} + 0){{}}{text[high:]}"))
        if form != "call" or self.range(cursor) in self.discarded or self.text[base - 3:base] == "d>(":
            return  # there is no value, or nobody asks for it
        if cursor.type.get_canonical().kind == TypeKind.BOOL:
            self.condition(cursor, function)
        if self.is_integer(cursor):
            self.add(cursor, "value", function, Choice("call replaced by zero", f"decltype({text}){{}}"))

    # -- writing ---------------------------------------------------------------------------------------------

    def body_at(self, offset):
        """The innermost function around it, as in `functions`; None outside of any."""
        return min((one for one in self.functions if one[0] <= offset < one[1]), key=lambda one: one[1] - one[0], default=None)

    def constant_at(self, offset):
        body = self.body_at(offset)
        return body is None or body[3]


class Writer:
    """Numbers the mutants of a file and writes its text with all of them."""

    def __init__(self, file, first, dropped):
        self.file, self.next, self.dropped = file, first, dropped
        self.mutants = []
        self.spans = []  # (start, end, key) in the written text
        self.keys = {}
        self.pieces = []
        self.length = 0
        self.before, self.after = {}, {}

    def number(self, place, operator, original, text):
        """The next number, or None if that mutant does not compile."""
        file = self.file
        base = f"{file.name}:{place.function or 'file'}:{operator}"
        short = flatten(f"{original} -> {text}")[:160]
        count = self.keys[base, short] = self.keys.get((base, short), 0) + 1
        key = f"{base}:{short}" + (f"#{count}" if count > 1 else "")
        if key in self.dropped:
            return None, key
        line = file.text.count("\n", 0, place.start) + 1
        self.mutants.append({"id": self.next, "key": key, "file": file.name, "line": line, "function": place.function,
                             "operator": operator, "original": flatten(original), "mutant": flatten(text)})
        self.next += 1
        return self.next - 1, key

    def put(self, text):
        self.pieces.append(text)
        self.length += len(text)

    def switch(self, number, offset):
        return f"SHMFIFO_MUTANT{'_CONSTANT' if self.file.constant_at(offset) else ''}({number})"

    def alternative(self, before, text, key, after=""):
        """On one line, so that what follows keeps its line."""
        start = self.length
        self.put(before + flatten(re.sub(r"//[^\n]*", "", text)) + after)
        self.spans.append((start, self.length, [key]))

    def write(self):
        text = self.file.text
        for first, second, function in self.file.swaps:
            self.after.setdefault(second, []).append((first, function))
            self.before.setdefault(first, []).append((second, function))
            for one in (first, second):
                self.file.places.setdefault((*one, True), Place(*one, "statement", function))
        places = [place for _, place in sorted(self.file.places.items(), key=lambda one: (one[0][0], -one[0][1], not one[0][2]))]
        self.swapped = {}
        position = self.render(places, 0, 0, len(text))
        assert position == len(places)
        return "".join(self.pieces)

    def render(self, places, index, start, end):
        """Writes text[start:end] with the places from `index` on that lie inside; the index after them."""
        text, position = self.file.text, start
        while index < len(places) and places[index].start < end:
            place = places[index]
            if place.start < position or place.end > end:  # crosses another: cannot be nested
                index += 1
                continue
            self.put(text[position:place.start])
            before = len(self.pieces)
            index = self.render_place(places, index)
            position = place.end
            if place.form in ("statement", "block", "return") and self.pieces[before:before + 1] == ["{ "]:
                position = re.compile(r"\s*;|").match(text, position, end).end()
        self.put(text[position:end])
        return index

    def render_place(self, places, index):
        place = places[index]
        original = self.file.text[place.start:place.end]
        chosen = []
        for operator, text in place.choices:
            number, key = self.number(place, operator, original, text)
            if number is not None:
                chosen.append((self.switch(number, place.start), text, key))
        body = lambda: self.render(places, index + 1, place.start, place.end)
        if place.form in ("statement", "block"):
            return self.render_statement(place, original, chosen, body)
        if place.form == "entry":
            self.put(original)
            for switch, text, key in chosen:
                self.alternative(f" if ({switch}) ", text, key)
            return index + 1
        if not chosen:
            return body()
        if place.form == "tail":
            self.put("; (")
            for switch, text, key in chosen:
                self.alternative(f"{switch} ? ", text, key, " : ")
            self.put(f"static_cast<bool>({self.file.tails[place.start]}))")
            return index + 1
        if place.form == "return":
            self.put("{ ")
            for switch, text, key in chosen:
                self.alternative(f"if ({switch}) ", text, key, " ")
            after = body()
            self.put("; }")
            return after
        self.put("(")
        for switch, text, key in chosen:
            self.alternative(f"{switch} ? ", text, key, " : ")
        condition = place.form == "condition"
        self.put("static_cast<bool>(" if condition else "(")
        start = self.length
        after = body()
        self.put("))")
        self.spans.append((start, self.length, [key for *_, key in chosen]))
        return after

    def render_statement(self, place, original, chosen, body):
        """{ if (!deleted) statement; } and, where neighbours are exchanged, the first again after the second."""
        where = (place.start, place.end)
        conditions = [switch for switch, _, _ in chosen]
        for second, function in self.before.get(where, []):
            text = f"{self.file.text[second[0]:second[1]]}; {original};"
            number, key = self.number(place, "neighbours exchanged", f"{original}; ...", text)
            if number is not None:
                self.swapped[where] = (self.switch(number, place.start), original, key)
                conditions.append(self.swapped[where][0])
        late = [self.swapped[first] for first, _ in self.after.get(where, []) if first in self.swapped]
        if not conditions and not late:
            return body()
        self.put("{ ")
        if conditions:
            self.put("if (!(" + " || ".join(conditions) + ")) { ")
        start = self.length
        after = body()
        self.spans.append((start, self.length, [key for *_, key in chosen]))
        end = "" if place.form == "block" else ";"
        self.put(end + (" }" if conditions else ""))
        for switch, text, key in late:
            self.alternative(f" if ({switch}) {{ ", text + ";", key, " }")
        self.put(" }")
        return after


def parse(root, name, arguments):
    """A file with its places. A translation unit of its own includes it; `arguments` are those of a compiler."""
    path = str(root / name)
    unit = cindex.Index.create().parse("mutants.cpp", [*arguments, "-ferror-limit=0"],
                                       [("mutants.cpp", f'#include "{path}"\n')],
                                       cindex.TranslationUnit.PARSE_DETAILED_PROCESSING_RECORD)
    errors = [one.format() for one in unit.diagnostics if one.severity >= cindex.Diagnostic.Error]
    if errors:
        raise ValueError(f"{name} cannot be parsed: {errors[0]}")
    file = File(name, (root / name).read_bytes().decode("latin-1"))
    file.collect(unit, path)
    return file


def write(files, dropped, first=1):
    """(the mutants, for each file its text and its spans) without those whose keys are in `dropped`."""
    mutants, written = [], {}
    for file in files:
        writer = Writer(file, first + len(mutants), dropped)
        text = writer.write()
        mutants += writer.mutants
        written[file.name] = (text, writer.spans)
    return mutants, written


def uncompilable(errors, folder, written):
    """The keys of the mutants at which a compiler's errors point: the innermost span at the place, else the line's."""
    keys = set()
    block = []
    for line in [*errors.splitlines(), "x:0:0: error: end"]:
        found = re.match(r"(.*?):(\d+):(\d+): (error|note|warning|fatal error): ", line)
        if not found:
            continue
        if "error" in found.group(4):
            keys |= at_places(block, folder, written)
            block = []
        elif found.group(4) == "warning":
            keys |= at_places(block, folder, written)
            block = None
        if block is not None:
            block.append((found.group(1), int(found.group(2)), int(found.group(3))))
        elif "error" in found.group(4):
            block = []
    return keys


def at_places(block, folder, written):
    """The keys at the first of these places that lies in a written file. Inside an alternative it is that mutant; inside
    an original text it is what is nested in that, else the mutants of that text, else all of the line."""
    for path, line, column in block or []:
        name = path.rpartition(f"/{folder.name}/")[2]  # ccache may have made it relative
        if name not in written:
            continue
        text, spans = written[name]
        low = 0
        for _ in range(line - 1):
            low = text.index("\n", low) + 1
        offset, high = low + column - 1, text.find("\n", low)
        for start, end, keys in sorted(spans, key=lambda span: span[1] - span[0]):
            if start <= offset < end:
                nested = {key for span in spans if start <= span[0] and span[1] <= end and span[2] != keys for key in span[2]}
                if nested or keys:
                    return nested or set(keys)
        near = {key for span in spans if low <= span[0] < high for key in span[2]}
        if near:
            return near
    return set()


def output_of(*command):
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def compiling(name, folder, commands):
    """Those of the compile commands whose translation unit is this file, or several files with it among them."""
    found = []
    for command in commands:
        unit = command["file"]
        text = Path(unit).read_text(encoding="utf-8") if "/Unity/" in unit else f'"{unit}"'
        if f'"{folder / name}"' in text:
            found.append(command)
    return found


def arguments_of(name, folder, commands):
    """What a parser needs for the file: the folders and definitions of a command that compiles it; for a header all
    folders, and the definitions that all commands have."""
    own = compiling(name, folder, commands)[:1] or commands
    folders, definitions = {}, None
    for command in own:
        words = shlex.split(command["command"])
        folders.update({(word, words[index + 1]): None for index, word in enumerate(words) if word in ("-isystem", "-I")})
        folders.update({(word,): None for word in words if word.startswith("-I") and len(word) > 2})
        defined = {word for word in words if word.startswith("-D")}
        definitions = defined if definitions is None else definitions & defined
    return ["-std=c++20", *sorted(definitions or ()), *(word for words in folders for word in words)]


def mutate(folder, names, commands, builds, known, first=1, report=print):
    """Rewrites the files in `folder` and returns their mutants. Each of `builds` compiles some of what includes them and
    returns the compiler's errors, "" if there are none. A mutant that does not compile is left out; its key is added to
    the file `known`, which spares the next time the search."""
    folder = Path(folder)
    with ProcessPoolExecutor() as pool:
        resources = ["-resource-dir", output_of("clang-19", "-print-resource-dir")]
        arguments = [resources + arguments_of(name, folder, commands) for name in names]
        files = list(pool.map(partial(parse, folder), names, arguments))
    dropped = set(json.loads(known.read_text())) if known.is_file() else set()
    for build in builds:
        while True:
            mutants, written = write(files, dropped, first)
            for name, (text, _) in written.items():
                data = text.encode("latin-1")
                if (folder / name).read_bytes() != data:
                    (folder / name).write_bytes(data)
            errors = build()
            more = uncompilable(errors, folder, written) - dropped
            if not more:
                break
            report(f"{len(more)} of {len(mutants)} mutants do not compile and are left out")
            dropped |= more
            known.write_text(json.dumps(sorted(dropped), indent=1) + "\n")
    if errors:
        raise ValueError("the rewritten sources do not compile, for a reason that is no mutant's:\n" + errors[-4000:])
    return mutants
