import Support

/// What a file is that is not of the form that a reader expects, told by its first bytes: people give the wrong file, one in another
/// encoding, one still packed, or the page that stood in the way of a download. Messages call it by its name.
package struct ForeignKind: Sendable, Equatable {
    package let name: String
    package let advice: String
    /// Its bytes can be no text in UTF-8.
    package let isBinary: Bool

    /// nil: nothing that is known.
    package init?(_ bytes: some Sequence<UInt8>) {
        let head = Array(bytes.prefix(160))
        guard let kind = Self.wideText(head) ?? Self.magic(head) ?? Self.text(head) else { return nil }
        self = kind
    }

    private init(_ name: String, _ advice: String, isBinary: Bool = true) {
        (self.name, self.advice, self.isBinary) = (name, advice, isBinary)
    }

    /// UTF-16 and UTF-32, as Windows programs write them: by their mark, or by every other byte, which is 0 in Latin text.
    private static func wideText(_ head: [UInt8]) -> ForeignKind? {
        func encoded(_ name: String, _ code: String) -> ForeignKind {
            ForeignKind("\(name) text", "convert it to UTF-8: iconv -f \(code) -t utf-8 FILE > NEW")
        }
        if head.starts(with: [0xFF, 0xFE, 0, 0]) || head.starts(with: [0, 0, 0xFE, 0xFF]) { return encoded("UTF-32", "utf-32") }
        if head.starts(with: [0xFF, 0xFE]) || head.starts(with: [0xFE, 0xFF]) { return encoded("UTF-16", "utf-16") }
        guard head.count >= 4 else { return nil }
        if head[0] != 0, head[1] == 0, head[2] != 0, head[3] == 0 { return encoded("UTF-16", "utf-16le") }
        if head[0] == 0, head[1] != 0, head[2] == 0, head[3] != 0 { return encoded("UTF-16", "utf-16be") }
        return nil
    }

    private static let magics: [(bytes: [UInt8], kind: ForeignKind)] = [
        ([0x1F, 0x8B], ForeignKind("a gzip file", "unpack it: gunzip -c FILE > NEW")),
        (Array("BZh".utf8), ForeignKind("a bzip2 file", "unpack it: bunzip2 -c FILE > NEW")),
        ([0xFD, 0x37, 0x7A, 0x58, 0x5A], ForeignKind("an xz file", "unpack it: xz -dc FILE > NEW")),
        ([0x28, 0xB5, 0x2F, 0xFD], ForeignKind("a zstd file", "unpack it: zstd -dc FILE > NEW")),
        ([0x37, 0x7A, 0xBC, 0xAF], ForeignKind("a 7z archive", "unpack it, and name the file in it")),
        ([0x50, 0x4B, 3, 4], ForeignKind("a zip archive", "unpack it (unless it is a .npz), and name the file in it")),
        ([0x89, 0x48, 0x44, 0x46], ForeignKind("an HDF5 file", "write its arrays by scipy.sparse.save_npz or numpy.save")),
        ([0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59], ForeignKind("a NumPy array", "name a text file")),
        (
            Array("PAR1".utf8),
            ForeignKind("a Parquet file", "write its table as JSON lines, or its matrix by scipy.sparse.save_npz")
        ),
        (
            Array("ARROW1".utf8),
            ForeignKind("an Arrow file", "write its table as JSON lines, or its matrix by scipy.sparse.save_npz")
        ),
        (Array("SQLite format 3".utf8), ForeignKind("an SQLite database", "write its table as JSON lines")),
        (Array("%PDF-".utf8), ForeignKind("a PDF document", "take its text out: pdftotext FILE")),
    ]

    private static func magic(_ head: [UInt8]) -> ForeignKind? {
        magics.first { head.starts(with: $0.bytes) }?.kind
    }

    /// Forms that are text themselves.
    private static func text(_ head: [UInt8]) -> ForeignKind? {
        func text(_ name: String, _ advice: String) -> ForeignKind { ForeignKind(name, advice, isBinary: false) }
        if let pickle = oldPickle(head) { return pickle }
        if head.starts(with: Array("MATLAB 5.0".utf8)) {
            return text("a MATLAB file", "read it by scipy.io.loadmat, and write the matrix by scipy.sparse.save_npz")
        }
        if head.starts(with: Array("%%MatrixMarket".utf8)) {
            return text("a Matrix Market file", "read it by scipy.io.mmread, and write it by scipy.sparse.save_npz")
        }
        if head.starts(with: Array("version https://git-lfs".utf8)) {
            return text("a pointer of Git LFS, not the file itself", "fetch the file: git lfs pull")
        }
        let lower = String(decoding: head.prefix(32), as: UTF8.self).lowercased()
        if lower.hasPrefix("<!doctype html") || lower.hasPrefix("<html") {
            return text(
                "an HTML page", "the download gave a page instead of the file: open the link in a browser, and fetch it again")
        }
        return nil
    }

    /// Protocols 0 and 1 have no mark: a name `cmodule\nname\n`, or a mark and the dictionary, list or tuple that follows it.
    private static func oldPickle(_ head: [UInt8]) -> ForeignKind? {
        let feed = UInt8(ascii: "\n")
        func isName(_ bytes: ArraySlice<UInt8>) -> Bool {
            !bytes.isEmpty
                && bytes.allSatisfy { byte in
                    (0x61...0x7A).contains(byte) || (0x41...0x5A).contains(byte) || (0x30...0x39).contains(byte)
                        || byte == UInt8(ascii: "_") || byte == UInt8(ascii: ".")
                }
        }
        let lines = head.split(separator: feed, maxSplits: 2, omittingEmptySubsequences: false)
        let isGlobal = lines.count == 3 && head.first == UInt8(ascii: "c") && isName(lines[0].dropFirst()) && isName(lines[1])
        let starts = ["(dp", "(lp", "(ip", "(c", "(I", "]q", "}q"].contains { head.starts(with: Array($0.utf8)) }
        guard isGlobal && isModule(lines[0].dropFirst()) || starts && lines.count > 1 else { return nil }
        return ForeignKind(
            "a pickle of protocol 0 or 1, Python 2's own",
            "load it in Python, and write it again: pickle.dump(matrix, file, protocol=2)", isBinary: false)
    }

    /// What matrices and their containers are pickled from: a text may begin with any word.
    private static func isModule(_ name: ArraySlice<UInt8>) -> Bool {
        let first = name.prefix { $0 != UInt8(ascii: ".") }
        return ["numpy", "scipy", "copy_reg", "copyreg", "__builtin__", "builtins", "collections", "pandas", "torch"]
            .contains { first.elementsEqual($0.utf8) }
    }
}

extension ForeignKind {
    /// - Parameter expected: what the file should hold.
    /// - Throws: `Failure` where the bytes are those of a binary file of a kind that is known.
    package static func refuseBinary(_ bytes: some Sequence<UInt8>, at path: String, expected: String) throws {
        if let kind = ForeignKind(bytes), kind.isBinary { throw kind.refusal(path, expected: expected) }
    }

    package func refusal(_ path: String, expected: String) -> Failure {
        Failure(.usage, "a file of another kind", at: path, found: name, expected: expected, advice: advice)
    }
}
