do {
    var command = try RootCommand.parseAsRoot()
    try command.run()
} catch {
    CommandErrors.exit(error)
}
