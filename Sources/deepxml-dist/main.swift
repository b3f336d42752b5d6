import Support

StandardStreams.prepare()
do {
    try CommandErrors.checkArguments()
    try RootCommand.checkSubcommand(Array(CommandLine.arguments.dropFirst()))
    var command = try RootCommand.parseAsRoot()
    try command.run()
    try StandardOutput.finish()
} catch {
    CommandErrors.exit(error)
}
