/// Names that become folders: of data sets, of runs, of architectures. One rule for all commands, so that what one makes the others
/// take.
public enum FolderName {
    private static let longest = 100

    /// The rule in words.
    public static let rule =
        "at most \(longest) bytes, without /, \\ and control characters, no dot at the beginning, no blank at either end"

    /// Whether a name may be a folder's: one component of a path, not hidden, and readable in a list. Blanks within it are fine.
    public static func allows(_ name: String) -> Bool {
        guard let first = name.first, let last = name.last, name.utf8.count <= longest else { return false }
        guard first != ".", !first.isWhitespace, !last.isWhitespace else { return false }
        return name.unicodeScalars.allSatisfy { $0 != "/" && $0 != "\\" && $0.properties.generalCategory != .control }
    }
}
