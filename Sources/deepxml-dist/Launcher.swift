import XCData

/// Runs what the command line asks for.
enum Launcher {
    static func train(_ options: TrainOptions) throws {
        print(options.json)
    }
}
