import Support

extension MatrixFile {
    /// Of labels as text, a value that no file of labels has: one other than 1. Any value but 0 counts as a label, so that features or
    /// scores in their place would be taken for labels without a word. Only the beginning of the file is looked at.
    ///
    /// - Returns: the entry, such as `3:0.8`; nil: there is none, or the file is of another form.
    public static func oddLabel(path: String) -> String? {
        guard let file = try? MappedFile(path: path), (try? format(file)) == MatrixFormat(.xcText) else { return nil }
        let text = String(decoding: file.prefix(1 << 16), as: UTF8.self)
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropFirst().dropLast()
        for entry in lines.joined(separator: " ").split(whereSeparator: \.isWhitespace) {
            let value = entry.split(separator: ":").last.flatMap { Double($0) }
            if let value, value != 1, value != 0 { return String(entry) }
        }
        return nil
    }
}
