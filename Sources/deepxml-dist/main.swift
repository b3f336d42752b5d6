do {
    try RootCommand.checkSubcommand(Array(CommandLine.arguments.dropFirst()))
    var command = try RootCommand.parseAsRoot()
    try command.run()
} catch {
    CommandErrors.exit(error)
}
