/// Looks at the machine before a person loses an hour to it.
public struct Doctor {
    public var machine: Machine
    /// Root of models/ and results/.
    public var work: String

    public init(machine: Machine = .current, work: String) {
        self.machine = machine
        self.work = work
    }

    /// Runs every check; some start a process or write a small file, which is removed.
    public func examine() -> [Diagnosis] {
        ProgramChecks(machine: machine).all() + LaunchChecks(machine: machine).all() + ProcessorChecks(machine: machine).all()
            + MemoryChecks(machine: machine).all() + FolderChecks(machine: machine, folder: work).all()
    }

    /// A line a check, then the sum.
    public static func report(_ diagnoses: [Diagnosis]) -> String {
        let failed = diagnoses.count { $0.verdict == .fail }, warned = diagnoses.count { $0.verdict == .warn }
        let sum =
            switch (failed, warned) {
            case (0, 0): "all is well"
            case (0, _): "\(warned) to look at; training works"
            default: "\(failed) must be put right before training"
            }
        return (diagnoses.map(\.line) + ["", sum]).joined(separator: "\n")
    }
}
