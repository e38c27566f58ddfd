"""Reports of problems (微报事), an app of both realms and of people who do not say who they are."""
