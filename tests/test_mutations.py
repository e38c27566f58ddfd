"""The list of `make mutate` covers every requirement that an attack can show."""

from tests.mutate import ROOT, listed

BY_ATTACK = (
    [f"L{n}" for n in range(1, 6)]
    + [f"B{n}" for n in range(1, 8)]
    + [f"P{n}" for n in range(1, 11)]
    + [f"A{n}" for n in range(1, 7)]
)


def test_every_requirement_with_an_attack_test_has_a_mutation() -> None:
    defended = {requirement for mutation in listed() for requirement in mutation.defends}
    assert [wanted for wanted in BY_ATTACK if wanted not in defended] == []


def test_what_a_mutation_takes_out_is_there_once_and_its_tests_exist() -> None:
    for mutation in listed():
        assert (ROOT / mutation.file).read_text("utf-8").count(mutation.find) == 1, mutation.name
        for test in mutation.tests:
            file, _, name = test.partition("::")
            assert f"def {name}(" in (ROOT / file).read_text("utf-8") or not name, test
