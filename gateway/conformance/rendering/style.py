"""The look of the HTML report: readable by day, by night and on paper."""

STYLE = """
:root { color-scheme: light dark; --ink: #1c2430; --soft: #5a6675; --page: #f4f6f9; --card: #fff; --line: #dde3ea;
  --red: #b3261e; --red-wash: #fdecea; --amber: #8a5a00; --amber-wash: #fff4dc; --blue: #1f5f99; --blue-wash: #e8f1fa;
  --green: #1b6e3c; --green-wash: #e5f4ea; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b5; --page: #12171d; --card: #1b222b;
  --line: #2e3843; --red: #ff9b93; --red-wash: #3b1d1b; --amber: #f4c669; --amber-wash: #362a12; --blue: #8dc2f2;
  --blue-wash: #17293a; --green: #85d6a3; --green-wash: #16311f; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--page); color: var(--ink);
  font: 16px/1.5 system-ui, "Segoe UI", Roboto, sans-serif; }
header, main { max-width: 62rem; margin: 0 auto; padding: 1rem 1.25rem; }
header { border-bottom: 1px solid var(--line); padding-top: 2rem; }
h1 { margin: 0; font-size: 1.1rem; font-weight: 600; color: var(--soft); }
header .verdict { margin: .1rem 0; font-size: 1.9rem; font-weight: 700; line-height: 1.25; }
header.fail .verdict { color: var(--red); }
header.pass .verdict { color: var(--green); }
header p { margin: 0; color: var(--soft); }
table { width: 100%; border-collapse: collapse; margin: 1rem 0; background: var(--card);
  border: 1px solid var(--line); }
th, td { padding: .5rem .75rem; text-align: left; border-bottom: 1px solid var(--line); overflow-wrap: anywhere; }
th { white-space: nowrap; overflow-wrap: normal; font-size: .8rem; color: var(--soft); }
a { color: var(--blue); }
section { margin: 1.5rem 0; padding: 1.1rem 1.25rem; background: var(--card); border: 1px solid var(--line);
  border-radius: .6rem; }
h2 { margin: 0; font-size: 1.15rem; overflow-wrap: anywhere; }
.about { margin: .2rem 0 1rem; color: var(--soft); }
.badge, .kind { display: inline-block; white-space: nowrap; padding: .05rem .5rem; border-radius: 1rem;
  font-size: .8rem; font-weight: 700; }
.badge.pass { color: var(--green); background: var(--green-wash); }
.badge.fail { color: var(--red); background: var(--red-wash); }
.clean { color: var(--green); }
ol { list-style: none; margin: 0; padding: 0; }
ol > li { margin: .75rem 0; padding: .6rem .9rem; border-left: .3rem solid var(--tone); background: var(--wash);
  border-radius: 0 .4rem .4rem 0; break-inside: avoid; }
li.fatal, li.error { --tone: var(--red); --wash: var(--red-wash); }
li.warning { --tone: var(--amber); --wash: var(--amber-wash); }
li.information { --tone: var(--blue); --wash: var(--blue-wash); }
li .kind { color: var(--card); background: var(--tone); }
li p { margin: .15rem 0; }
.rule { color: var(--tone); }
.text { font-size: 1.05rem; font-weight: 600; overflow-wrap: anywhere; }
code { font: .9em ui-monospace, "SF Mono", Consolas, monospace; overflow-wrap: anywhere; }
.place code { color: var(--soft); }
.place b { color: var(--ink); }
.fix b { margin-right: .4rem; color: var(--green); }
.note b { margin-right: .4rem; color: var(--blue); }
details { margin-top: 1rem; border-top: 1px solid var(--line); padding-top: .75rem; }
summary { cursor: pointer; font-weight: 600; color: var(--soft); }
details ul { padding-left: 1.1rem; }
details li { margin: .5rem 0; overflow-wrap: anywhere; }
small { color: var(--soft); }
@media print { body { background: none; } section { border: 0; padding: 0; } }
"""
