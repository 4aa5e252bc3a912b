-- An app with destinations that Segment has too, to compare with its own.
return require("partnerapp").new { destination = "slack" }
