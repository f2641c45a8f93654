"""Every function and operator of FHIRPath, by what it gives and by what it refuses."""

from decimal import Decimal
from typing import Any

import pytest

from gateway.fhir import path
from gateway.fhir.path import PathFault

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "id": "p1",
    "active": True,
    "gender": "female",
    "birthDate": "1980-02-03",
    "_birthDate": {"extension": [{"url": "urn:time", "valueDateTime": "1980-02-03T10:00:00Z"}]},
    "deceasedBoolean": False,
    "name": [
        {"family": "Roe", "given": ["Ann", None, "B"], "_given": [None, {"extension": [{"url": "urn:x"}]}, None]},
        {"family": "Doe", "period": {"start": "2020-01", "end": "2020-01-15"}},
    ],
    "contained": [{"resourceType": "Organization", "id": "o1", "name": "Acme"}],
    "managingOrganization": {"reference": "#o1"},
    "generalPractitioner": [{"reference": "Practitioner/7"}],
    "extension": [
        {"url": "urn:weight", "valueQuantity": {"value": 4, "system": "http://unitsofmeasure.org", "code": "g"}},
        {"url": "urn:age", "valueAge": {"value": 40}},
    ],
}
CASES: list[tuple[str, list[Any]]] = [
    # existence
    ("name.empty()", [False]),
    ("link.empty()", [True]),
    ("name.exists(family = 'Roe')", [True]),
    ("name.exists(family = 'Poe')", [False]),
    ("name.all(family.exists())", [True]),
    ("name.all(period.exists())", [False]),
    ("link.all(false)", [True]),
    ("(true | false).allTrue()", [False]),
    ("(true | false).anyTrue()", [True]),
    ("(true | false).allFalse()", [False]),
    ("(true | false).anyFalse()", [True]),
    ("(1 | 2).subsetOf(1 | 2 | 3)", [True]),
    ("(1 | 4).subsetOf(1 | 2 | 3)", [False]),
    ("(1 | 2 | 3).supersetOf(1 | 2)", [True]),
    ("(1 | 2).supersetOf(3)", [False]),
    ("name.count()", [2]),
    ("1.combine(1).isDistinct()", [False]),
    ("1.combine(1).distinct()", [1]),
    ("active.not()", [False]),
    ("link.not()", []),
    ("(0).not()", [False]),
    # filtering and projection
    ("name.where(period.exists()).family", ["Doe"]),
    ("name.where($index = 1).family", ["Doe"]),
    ("name.select(family & $index.toString())", ["Roe0", "Doe1"]),
    ("name.where(family != 'Roe').family", ["Doe"]),
    ("extension.repeat(extension).count()", [0]),
    ("name.repeat($this).count()", [2]),
    ("extension.value.ofType(Age).value", [40]),
    ("1 | 'a' | true", [1, "a", True]),
    ("(1 | 'a').ofType(String)", ["a"]),
    # subsetting
    ("name.family.first()", ["Roe"]),
    ("name.family.last()", ["Doe"]),
    ("name.family.tail()", ["Doe"]),
    ("name.family.skip(1)", ["Doe"]),
    ("name.family.skip(-1)", ["Roe", "Doe"]),
    ("name.family.take(1)", ["Roe"]),
    ("name.family.take(0)", []),
    ("name[1].family", ["Doe"]),
    ("name[9].family", []),
    ("id.single()", ["p1"]),
    ("(1 | 2 | 3).intersect(2 | 3 | 4)", [2, 3]),
    ("(1 | 2 | 3).exclude(2)", [1, 3]),
    ("1.combine(1)", [1, 1]),
    ("1.union(1 | 2)", [1, 2]),
    ("(true | 1).count()", [2]),
    # conversion
    ("iif(active, 'a', 'b')", ["a"]),
    ("iif(link.exists(), 'a', 'b')", ["b"]),
    ("iif({}, 'a')", []),
    ("'1'.toInteger()", [1]),
    ("'1.5'.toInteger()", []),
    ("true.toInteger()", [1]),
    ("'1.50'.toDecimal()", [Decimal("1.50")]),
    ("'yes'.toBoolean()", [True]),
    ("'N'.toBoolean()", [False]),
    ("'maybe'.toBoolean()", []),
    ("1.50.toString()", ["1.50"]),
    ("true.toString()", ["true"]),
    ("(4 'g').toString()", ["4 'g'"]),
    ("2 days.toString()", ["2 days"]),
    ("birthDate.toString()", ["1980-02-03"]),
    ("name[0].toString()", []),
    ("'2020-02'.toDate()", ["2020-02"]),
    ("'2020-02-30'.toDate()", []),
    ("@2020-02-01T10:00.toDate()", ["2020-02-01"]),
    ("@2020.toDateTime()", ["2020"]),
    ("'10:30'.toTime()", ["10:30"]),
    ("'25:00'.toTime()", []),
    ("'4 days'.toQuantity() = 4 days", [True]),
    ("'x'.convertsToInteger()", [False]),
    ("'1'.convertsToQuantity()", [True]),
    ("'1 furlong'.convertsToQuantity()", [False]),
    ("'2020'.convertsToDateTime()", [True]),
    ("link.convertsToString()", []),
    # text
    ("'abc'.indexOf('c')", [2]),
    ("'abca'.lastIndexOf('a')", [3]),
    ("'abcd'.substring(1)", ["bcd"]),
    ("'abcd'.substring(1, 2)", ["bc"]),
    ("'abcd'.substring(4)", []),
    ("'abc'.startsWith('ab')", [True]),
    ("'abc'.endsWith('ab')", [False]),
    ("'abc'.contains('b')", [True]),
    ("'Abc'.upper() & 'Abc'.lower()", ["ABCabc"]),
    ("'aXa'.replace('a', 'b')", ["bXb"]),
    ("'a1b'.matches('[0-9]')", [True]),
    ("'a1b'.matchesFull('[0-9]')", [False]),
    ("'a1b'.replaceMatches('([0-9])', '<$1>')", ["a<1>b"]),
    ("'abc'.length()", [3]),
    ("'ab'.toChars()", ["a", "b"]),
    ("' a '.trim()", ["a"]),
    ("'a,b'.split(',')", ["a", "b"]),
    ("('a' | 'b').join('-')", ["a-b"]),
    ("'a?'.encode('urlbase64')", ["YT8="]),
    ("'YT8='.decode('base64')", ["a?"]),
    ("'6'.decode('hex')", []),
    ("'<'.escape('html')", ["&lt;"]),
    ("'&lt;'.unescape('html')", ["<"]),
    ("link.upper()", []),
    # numbers
    ("(-2).abs()", [2]),
    ("1.2.ceiling()", [2]),
    ("(-1.2).floor()", [-2]),
    ("(-1.8).truncate()", [-1]),
    ("1.25.round(1)", [Decimal("1.3")]),
    ("0.exp()", [1]),
    ("1.ln()", [0]),
    ("(-1).ln()", []),
    ("8.log(2)", [3]),
    ("2.power(10)", [1024]),
    ("9.sqrt()", [3]),
    ("(-1).sqrt()", []),
    ("7 div 2", [3]),
    ("-7 div 2", [-3]),
    ("7 mod 2", [1]),
    ("7 / 2", [Decimal("3.5")]),
    ("1 / 0", []),
    ("1 div 0", []),
    ("1 mod 0", []),
    ("1.5 mod 0.4", [Decimal("0.3")]),
    ("(1 'g') / (0 'g')", []),
    ("1 + 2 * 3 - 4", [3]),
    ("0.1 + 0.2 = 0.3", [True]),
    ("(1 | 2 | 3).sum()", [6]),
    ("(3 | 1 | 2).min()", [1]),
    ("(3 | 1 | 2).max()", [3]),
    ("(1 | 2).avg()", [Decimal("1.5")]),
    ("(1 | 2 | 3).aggregate($total + $this, 10)", [16]),
    ("(3 | 1 | 2).sort()", [1, 2, 3]),
    ("(3 | 1 | 2).sort(-$this)", [3, 2, 1]),
    ("coalesce(link, id)", ["p1"]),
    ("1.587.lowBoundary(2)", [Decimal("1.58")]),
    ("1.587.highBoundary(2)", [Decimal("1.59")]),
    ("@2014.lowBoundary(6)", ["2014-01"]),
    ("@2016-02.highBoundary(8)", ["2016-02-29"]),
    ("1.20.precision()", [2]),
    ("(1 'cm').comparable(1 '[in_i]')", [True]),
    ("(1 'cm').comparable(1 's')", [False]),
    # dates
    ("@2024-02-29 + 1 year", ["2025-02-28"]),
    ("@2024-01-31 + 1 month", ["2024-02-29"]),
    ("@2024-03-01 - 1 day", ["2024-02-29"]),
    ("@2024-01 + 31 days", ["2024-02"]),
    ("@2024-01-01T23:30:00Z + 45 minutes", ["2024-01-02T00:15:00Z"]),
    ("@T23:30 + 45 minutes", ["00:15"]),
    ("@9999-12-31 + 1 day", []),
    ("birthDate + 1 year", ["1981-02-03"]),
    ("birthDate = @1980-02-03", [True]),
    ("birthDate = '1980-02-03'", [True]),
    ("birthDate < @1980-03", [True]),
    ("birthDate < @1980-02", []),
    ("@2020-01-01T10:00:00+02:00 = @2020-01-01T08:00:00Z", [True]),
    ("@2020-01-01T10:00:00 = @2020-01-01T08:00:00Z", []),
    ("@2020-01 = @2020-01-15", []),
    ("@2020-01 ~ @2020-01-15", [False]),
    ("name.period.start <= name.period.end", []),
    ("@T10:00 < @T10:30", [True]),
    # quantities
    ("1 'g' = 1000 'mg'", [True]),
    ("1 'g' > 999 'mg'", [True]),
    ("1 'g' = 1 'm'", [False]),
    ("1 'g' < 1 'm'", []),
    ("1 year = 1 'a'", []),
    ("1 year ~ 1 'a'", [True]),
    ("1 week = 7 days", [True]),
    ("1 'g' + 1 'mg' = 1001 'mg'", [True]),
    ("2 'm' * 2 'm' = 4 'm2'", [True]),
    ("extension.where(url = 'urn:weight').value = 4000 'mg'", [True]),
    ("-(1 'g') < 0 'g'", [True]),
    # equality, order, membership
    ("1 = 1.0", [True]),
    ("true = 1", [False]),
    ("'a' = {}", []),
    ("(1 | 2) = (2 | 1)", [False]),
    ("(1 | 2) ~ (2 | 1)", [True]),
    ("'A  b' ~ 'a B'", [True]),
    ("1.51 ~ 1.5", [True]),
    ("1 !~ {}", [True]),
    ("name = name", [True]),
    ("'a' < 'b'", [True]),
    ("1 in (1 | 2)", [True]),
    ("{} in (1 | 2)", []),
    ("(1 | 2) contains 3", [False]),
    # three-valued logic
    ("false and {}", [False]),
    ("false and true", [False]),
    ("true and true", [True]),
    ("{} and false", [False]),
    ("false or false", [False]),
    ("{} and true", []),
    ("{} or true", [True]),
    ("{} or false", []),
    ("true xor {}", []),
    ("true xor false", [True]),
    ("{} implies true", [True]),
    ("{} implies false", []),
    ("false implies {}", [True]),
    ("true and 'text'", [True]),
    ("name.exists() = link.empty()", [True]),
    ("name.exists() != link.exists()", [True]),
    # precedence
    ("true or false and false", [True]),
    ("false implies true or false", [True]),
    ("1 | 2 = 3", [False]),
    ("-1 + 2", [1]),
    ("(1 | 1 is Integer).count()", [2]),
    # types
    ("Patient.id", ["p1"]),
    ("Resource.id", ["p1"]),
    ("Claim.id", []),
    ("$this is Patient", [True]),
    ("$this is DomainResource", [True]),
    ("$this is Claim", [False]),
    ("gender is code", [True]),
    ("gender is string", [True]),
    ("gender.ofType(string)", []),
    ("gender.ofType(code)", ["female"]),
    ("(gender as code)", ["female"]),
    ("active is boolean", [True]),
    ("active is System.Boolean", [False]),
    ("birthDate is date", [True]),
    ("deceased is boolean", [True]),
    ("deceased", [False]),
    ("contained is Organization", [True]),
    ("1.type().name", ["Integer"]),
    ("gender.type().namespace & gender.type().name", ["FHIRcode"]),
    ("name.first().type().name", ["HumanName"]),
    ("@2020 is Date", [True]),
    ("(1 'g') is System.Quantity", [True]),
    # FHIR
    ("name.given.hasValue()", [False]),
    ("name[0].given.select(hasValue())", [True, False, True]),
    ("id.hasValue()", [True]),
    ("id.getValue()", ["p1"]),
    ("name.getValue()", None),
    ("birthDate.extension('urn:time').value", ["1980-02-03T10:00:00Z"]),
    ("birthDate.extension.url", ["urn:time"]),
    ("extension('urn:age').value.value", [40]),
    ("managingOrganization.resolve().name", ["Acme"]),
    ("children().where($this is HumanName).count()", [2]),
    ("descendants().where($this is Extension).count()", [4]),
    ("%ucum", ["http://unitsofmeasure.org"]),
    ("%`vs-x`.endsWith('/ValueSet/x')", [True]),
    ("%'ext-x'.endsWith('/StructureDefinition/x')", [True]),
    ("%rootResource.id & %resource.id & %context.id", ["p1p1p1"]),
    ("name.trace('x', family).count()", [2]),
    ("name.`family`.first() // a comment", ["Roe"]),
    ("/* one */ id", ["p1"]),
    (r"'\u0041\'\\'", ["A'\\"]),
]
REFUSED = [
    "name.single()",
    "name and true",
    "'a' + 1",
    "'a' - 'b'",
    "1 < 'a'",
    "true < false",
    "birthDate < 5",
    "@2020 + 1",
    "@2020-01-01 + 1 'mo'",
    "@2020-01-01 + 1 'cm'",
    "@T10:00 + 1 day",
    "(1 | 2) + 1",
    "(1 | 2) & 'a'",
    "-true",
    "id[name]",
    "iif('text', 1, 2)",
    "name.iif(true, 1, 2)",
    "(1 | 'a').allTrue()",
    "(1 | 2).toString()",
    "name.is(HumanName)",
    "1.upper()",
    "'a'.matches('(')",
    "'a'.matches('[')",
    "'a'.encode('rot13')",
    "1.round(-1)",
    "'a'.substring(true)",
    "generalPractitioner.resolve()",
    "code.memberOf('urn:vs')",
    "conformsTo('urn:profile')",
    "text.htmlChecks()",
    "%nobody",
    "name.nothing()",
]
BROKEN = {
    "id is Nothing": "there is no type Nothing",
    "id is System.Nothing": "there is no type",
    "name.where()": "where() takes 1 arguments, at column 6",
    "name.count(1)": "count() takes 0 arguments",
    "name..family": "unexpected '.' at column 6, expected a name",
    "(1 + 2": "unexpected the end at column 7, expected ')'",
    "1 2": "unexpected '2' at column 3, expected an operator or the end",
    "'a": "the text is not closed",
    "/* a": "the comment is not closed",
    r"'\q'": "is no escape",
    "@2020-13": "a date or time that exists",
    "id #": "unexpected '#' at column 4",
    "and": "unexpected 'and' at column 1, expected a value",
}


@pytest.mark.parametrize(("text", "found"), CASES, ids=[text for text, _ in CASES])
def test_an_expression_gives_what_the_specification_says(text: str, found: list[Any] | None) -> None:
    expression = path.compile(text)
    if found is None:
        with pytest.raises(PathFault):
            expression(PATIENT)
        return
    result = expression(PATIENT)
    assert result == found
    assert [isinstance(value, bool) for value in result] == [isinstance(value, bool) for value in found]
    assert path.plain(expression.typed(PATIENT)) == found


@pytest.mark.parametrize("text", REFUSED)
def test_what_cannot_be_evaluated_is_refused_without_content(text: str) -> None:
    expression = path.compile(text)
    with pytest.raises(PathFault) as fault:
        expression(PATIENT)
    assert text in str(fault.value)
    assert not any(word in str(fault.value) for word in ("Roe", "1980", "Acme"))


@pytest.mark.parametrize(("text", "words"), BROKEN.items())
def test_a_syntax_error_names_the_column_and_what_was_expected(text: str, words: str) -> None:
    with pytest.raises(PathFault) as fault:
        path.compile(text)
    assert words in str(fault.value)


def test_every_function_is_tried() -> None:
    written = " ".join([text for text, _ in CASES] + REFUSED)
    untried = {name for name in path.FUNCTIONS if f"{name}(" not in written}
    clear = {"is", "as", "ofType", "slice", "subsumes", "subsumedBy", "elementDefinition", "checkModifiers"}
    assert {name for name in untried - clear if not name.startswith("convertsTo")} == set()


def test_a_resolver_given_as_a_variable_finds_what_is_outside() -> None:
    def resolve(reference: str) -> Any:
        return {"resourceType": "Practitioner", "id": reference.rpartition("/")[2]}

    expression = path.compile("generalPractitioner.resolve().id")
    assert expression(PATIENT, {"resolve": resolve}) == ["7"]
    assert path.compile("generalPractitioner.resolve() is Practitioner")(PATIENT, {"resolve": resolve}) == [True]
    assert expression(PATIENT, {"resolve": lambda _: None}) == []


def test_without_a_resolver_the_fault_says_what_is_missing() -> None:
    with pytest.raises(PathFault, match="given as the variable resolve"):
        path.compile("generalPractitioner.resolve()")(PATIENT)


def test_a_null_in_a_list_is_no_value() -> None:
    for text in ("line", "$this.line", "address.line"):
        assert path.compile(text)({"line": ["a", None], "address": [{"line": [None, "a"]}]}) == ["a"]


def test_several_roots_are_evaluated_one_after_the_other() -> None:
    assert path.compile("family")([{"family": "a"}, {"family": "b"}]) == ["a", "b"]


def test_an_element_that_is_no_resource_is_evaluated_by_the_type_it_is_given() -> None:
    item = {"servicedDate": "2026-01-02", "quantity": {"value": 2}}
    given = path.value_of(item, "Claim.item")
    assert path.compile("serviced")(given) == ["2026-01-02"]
    assert path.compile("serviced is date")(given) == [True]
    assert path.compile("serviced >= @2026-01-01")(given) == [True]
    assert path.compile("quantity is Quantity")(given) == [True]
    assert path.compile("value is Quantity")(path.value_of({"valueQuantity": {}}, "Extension")) == [True]
    assert path.compile("$this is Quantity")(path.value_of({"value": 2}, "Claim.item.quantity")) == [True]


def test_data_that_is_no_fhir_is_no_crash() -> None:
    for data in (None, 1, "x", True, [], {"name": [[1]]}, {"resourceType": 5}, {"name": {"given": {"a": None}}}):
        for text in ("name.given", "descendants()", "name is HumanName", "name.given < 'a'", "Patient.name"):
            try:
                path.compile(text)(data)
            except PathFault:
                continue
