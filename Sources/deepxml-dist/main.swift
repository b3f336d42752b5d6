print("deepxml-dist")
