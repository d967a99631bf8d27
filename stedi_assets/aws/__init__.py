"""What talks to AWS's own services, and the template that makes them."""
