-- Which of those that began are not over is told by the index alone.
DROP INDEX booking_resource_id;
CREATE INDEX booking_resource_id ON booking (resource_id, start_at, end_at);
