# Spells numbers out by ICU: an oracle that has nothing in common with what it judges.
# In: a line of JSON {"locale", "ruleSet", "numbers": ["-5", …]}; out: a line of JSON with the words. Debian's python3-icu.
import json
import sys

import icu

asked = json.load(sys.stdin)
rules = icu.RuleBasedNumberFormat(icu.URBNFRuleSetTag.SPELLOUT, icu.Locale(asked["locale"]))
json.dump([rules.format(int(number), asked["ruleSet"]) for number in asked["numbers"]], sys.stdout)
