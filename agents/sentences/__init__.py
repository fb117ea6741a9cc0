"""The sentence of what a call will do, from its contract and its arguments and from nothing else (T30).

A template names arguments in braces, with filters: "Refund {amount|money:EUR} for order {order_id} to {customer.name}".

    {name}                    the value; a dot goes into a group or picks from a list by position: {items.0.name}
    {amount|money:EUR}        €18,450.00; {amount|money:{currency}} takes the currency from another argument
    {cents|money:EUR:minor}   the same from 1845000 cents
    {day|date}                23 Nov 2026; with a time also 09:40 UTC
    {items|count:item}        3 items; irregular plurals as {boxes|count:box/boxes}
    {note|quoted}             “as it stands”
    {iban|masked}             •••• 4471
    {{ and }}                 a brace
"""

from agents.sentences.checking import check_template
from agents.sentences.making import Part, amount_of, sentence

__all__ = ["Part", "amount_of", "check_template", "sentence"]
