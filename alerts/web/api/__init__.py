"""The API of programs, `/api/v1`: one file for each kind of resource, listed in `api_routes.RESOURCES`."""
