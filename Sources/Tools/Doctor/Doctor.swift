import Formats

/// Checks the machine before a problem with it costs someone an hour.
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
            + DeviceChecks().all()
            + MemoryChecks(machine: machine).all() + FolderChecks(machine: machine, folder: work).all()
    }

    /// A line a check, then the sum.
    public static func report(_ diagnoses: [Diagnosis]) -> String {
        let failed = diagnoses.count { $0.verdict == .fail }, warned = diagnoses.count { $0.verdict == .warn }
        let sum =
            switch (failed, warned) {
            case (0, 0): "all is well"
            case (0, _): "\(warned) to look at; training will work"
            default: "\(failed) must be fixed before training"
            }
        return (diagnoses.map(\.line) + ["", sum]).joined(separator: "\n")
    }

    /// The same as JSON: an object a check.
    public static func json(_ diagnoses: [Diagnosis]) -> String {
        let checks = diagnoses.map { diagnosis in
            "  "
                + JSONValue.object([
                    .init("subject", .string(diagnosis.subject)),
                    .init("verdict", .string(diagnosis.verdict.rawValue.lowercased())),
                    .init("found", .string(diagnosis.found)), .init("advice", .string(diagnosis.advice)),
                ]).text
        }
        return "[\n" + checks.joined(separator: ",\n") + "\n]"
    }
}

/// The result of one check of the machine.
public struct Diagnosis: Sendable, Equatable {
    public enum Verdict: String, Sendable, Comparable {
        case ok, warn
        case fail = "FAIL"

        private var weight: Int { [.ok, .warn, .fail].firstIndex(of: self) ?? 0 }
        public static func < (a: Self, b: Self) -> Bool { a.weight < b.weight }
    }

    /// What was looked at.
    public var subject: String
    public var verdict: Verdict
    public var found: String
    /// What to do about it; empty where nothing has to be done.
    public var advice: String

    public static func ok(_ subject: String, _ found: String) -> Diagnosis {
        Diagnosis(subject: subject, verdict: .ok, found: found, advice: "")
    }

    public static func warn(_ subject: String, _ found: String, _ advice: String) -> Diagnosis {
        Diagnosis(subject: subject, verdict: .warn, found: found, advice: advice)
    }

    public static func fail(_ subject: String, _ found: String, _ advice: String) -> Diagnosis {
        Diagnosis(subject: subject, verdict: .fail, found: found, advice: advice)
    }

    /// One line: `warn  huge pages        never: echo madvise > …`.
    public var line: String {
        let verdict = verdict.rawValue.padding(4), subject = subject.padding(18)
        return "\(verdict)  \(subject)  \(found)\(advice.isEmpty ? "" : ": \(advice)")"
    }
}

extension String {
    /// With blanks up to `width` characters.
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
