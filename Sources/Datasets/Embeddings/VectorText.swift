import Formats
import Support

/// Reads fastText's and GloVe's text: lines `word v1 … vD`, of which only those of a data set's words are parsed. A word may be
/// several, with blanks between them.
struct VectorText {
    let file: MappedFile
    /// Lines that a header promises.
    let promised: Int?

    /// Fills the rows of `matrix` whose words the file has; where it has one twice, the first counts.
    ///
    /// - Returns: for each token, whether it has a row now.
    /// - Throws: `Failure` with line and column of what is no number, and where lines are missing.
    func read(_ words: TokenWords, into matrix: DenseMatrix) throws -> [Bool] {
        file.adviseSequential()
        var found = [Bool](repeating: false, count: words.count)
        var vectors = 0
        try file.forEachLine { whole, line in
            if line == 1, promised != nil { return }
            let text = line == 1 ? whole[EmbeddingFormat.start(file)...] : whole
            guard let space = text.firstIndex(where: isBlank), space > text.startIndex else {
                if text.allSatisfy(isBlank) { return }
                throw notAVector(line, found: quoted(text, limit: 40), matrix.cols)
            }
            vectors += 1
            // From behind, every line would be read twice: only a vocabulary that has phrases needs it.
            let end = words.hasPhrases ? Self.endOfWord(text, numbers: matrix.cols) ?? space : space
            guard let token = words.token(text[..<end]), !found[token] else { return }
            found[token] = try parse(text, from: end, line: line, into: matrix.elements(token))
        }
        if let promised, vectors != promised {
            throw Failure(
                .usage, vectors < promised ? "the file is cut off" : "the file is longer than its header says", at: file.path,
                found: "\(vectors) words", expected: "\(promised), as line 1 says", advice: "copy the file again")
        }
        return found
    }

    /// Where the word ends that stands before the last `numbers` fields; nil: there are not so many.
    private static func endOfWord(_ text: LineBytes, numbers: Int) -> Int? {
        var at = text.endIndex
        for _ in 0..<numbers {
            while at > text.startIndex, isBlank(text[at - 1]) { at -= 1 }
            while at > text.startIndex, !isBlank(text[at - 1]) { at -= 1 }
        }
        while at > text.startIndex, isBlank(text[at - 1]) { at -= 1 }
        return at > text.startIndex ? at : nil
    }

    /// - Returns: false where the line is another word's, one with a space in it.
    private func parse(_ text: LineBytes, from start: Int, line: Int, into row: BufferSlice<Float>) throws -> Bool {
        let fields = text[start...].split(whereSeparator: isBlank)
        if fields.count > row.count { return false }
        guard fields.count == row.count else {
            throw notAVector(line, found: "\(fields.count) numbers", row.count)
        }
        for (i, field) in fields.enumerated() {
            guard let value = decimalNumber(field) else {
                throw Failure(
                    .usage, "not a finite number", at: "\(file.path):\(line):\(field.startIndex - text.startIndex + 1)",
                    found: quoted(field),
                    expected: "a number that a 32-bit float can hold", advice: "train or copy the vectors again")
            }
            row[i] = value
        }
        return true
    }

    private func notAVector(_ line: Int, found: String, _ count: Int) -> Failure {
        Failure(
            .usage, "not a vector", at: "\(file.path):\(line)", found: found, expected: "a word and \(count) numbers",
            advice: "the file may be cut off: copy it again")
    }
}
