"""What the pages ask for, without Streamlit: every function takes the acting user first and checks the role."""
