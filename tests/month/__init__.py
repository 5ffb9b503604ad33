"""A month of the city's money: firms order, pay, use, give up and get back, and what bank and provider say of it is broken on purpose."""
