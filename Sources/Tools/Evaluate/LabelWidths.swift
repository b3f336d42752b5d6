import Support

/// Numbers of labels that files of one data set should agree on.
enum LabelWidths {
    /// - Parameter files: paths, and the number of labels that each says.
    /// - Returns: a sentence where they differ, else nil.
    static func notice(_ files: [(String, Int)]) -> String? {
        guard let first = files.first, files.contains(where: { $0.1 != first.1 }) else { return nil }
        let said = files.map { "\($0.0) \(Quantity.count($0.1))" }.joined(separator: ", ")
        return "numbers of labels differ: \(said); check that all files are of the same data set"
    }
}
