"""What happens to a document: pure functions of values, and the Faust shell around them."""
