import Support

/// An error in one line, for a place where others stand beside it.
enum FailureText {
    static func short(_ error: any Error) -> String {
        guard let failure = error as? Failure else { return "\(error)" }
        return failure.found.isEmpty ? failure.problem : "\(failure.problem) (\(failure.found))"
    }
}
