"""Models as data, and the plan that is made from them before anything loads."""
