"""The path of one authorization: pure plans and pure conclusions around the few effects between them."""
