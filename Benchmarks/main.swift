import ArgumentParser

/// `deepxml-bench`: without a subcommand it measures.
struct BenchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deepxml-bench", abstract: "Measure the hot loops against bounds of this machine.",
        subcommands: [DeviceCommand.self, GenerateCommand.self])

    func run() throws { try Measurements.run() }
}

BenchCommand.main()
