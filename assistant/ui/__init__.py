"""The web app: Streamlit pages over plain services.

app.py         router: sign-in, navigation, nothing else
app_pages/     one page each: reads state, calls services, draws
services/      plain functions without Streamlit; each takes the acting user and checks the role
access.py      roles, and the check that every service call goes through
signin.py      who is acting: the local user, or whoever signed in by OIDC
state.py       where the user is: ids and filters, mirrored in the address
shared.py      what all sessions share: store, engines, the coding worker, assessments by revision
jobs.py        the coding worker
markup.py      texts of people into HTML and Markdown, always as text
parts.py       pieces that several pages draw; components.py: the two small components
"""
