"""What asking language models costs, as counters that workers add up and as words."""

import threading

from annotators.llm.usage import Cost, Usage, UsageMeter


def cost(price=0.0003, tokens_in=100, tokens_out=20):
    return Cost(tokens_in=tokens_in, tokens_out=tokens_out, seconds=1.5, price=price)


def test_answers_asked_for_and_answers_kept_are_told_apart():
    meter = UsageMeter()
    meter.pay(cost())
    meter.pay(cost())
    meter.reuse(cost(price=0.5))
    used = Usage.among(meter.take())
    assert used.table() == (
        "2 answers asked for: 200 tokens in, 40 out, 3.0 s of waiting, price 0.0006\n"
        "1 answers kept from earlier, at their cost then: 100 tokens in, 20 out, 1.5 s of waiting, price 0.5000\n"
    )


def test_what_a_server_does_not_count_is_not_made_up():
    meter = UsageMeter()
    meter.pay(cost(price=None, tokens_in=None, tokens_out=None))
    assert Usage.among(meter.take()).table() == "1 answers asked for: 0 tokens in, 0 out, 1.5 s of waiting\n"


def test_counters_of_two_workers_add_up_to_those_of_one():
    one, two, both = UsageMeter(), UsageMeter(), UsageMeter()
    for meter, price in ((one, 0.00000001), (two, 0.1), (both, 0.00000001), (both, 0.1)):
        meter.pay(cost(price=price))
        meter.fault("timeout")
    first, second = one.take(), two.take()
    added = {name: first[name] + second[name] for name in first}
    assert Usage.among(added) == Usage.among(both.take())
    assert Usage.among(added).paid.price_e8 == 10_000_001


def test_faults_are_told_by_kind_and_other_counters_are_none_of_them():
    meter = UsageMeter()
    for kind in ("timeout", "answer: no JSON", "timeout"):
        meter.fault(kind)
    used = Usage.among({**meter.take(), "done cut": 7})
    assert used.faults == {"answer: no JSON": 1, "timeout": 2}
    assert used.table() == "     1  answer: no JSON\n     2  timeout\n"


def test_what_was_taken_is_not_taken_again_and_nothing_is_lost_between_threads():
    meter, taken = UsageMeter(), []

    def work():
        for _ in range(300):
            meter.fault("timeout")
            taken.append(Usage.among(meter.take()).faults.get("timeout", 0))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(taken) == 1200
    assert Usage.among(meter.take()).table() == ""
