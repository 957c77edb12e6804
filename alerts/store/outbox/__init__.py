"""The outbox: deliveries written down, claimed, recorded, failed over."""
