import Formats
import Support

/// Reads word2vec's binary form (Mikolov et al. 2013): the line `words dimensions`, then each word, a blank, its little-endian floats
/// and, as most programs write it, a line feed. Only the rows of a data set's words are read.
struct Word2VecModel {
    let file: MappedFile
    /// As the first line says.
    let promised: Int
    let dimensions: Int

    /// Fills the rows of `matrix` whose words the file has; where it has one twice, the first counts.
    ///
    /// - Returns: for each token, whether it has a row now.
    /// - Throws: `Failure` where the file is cut off or longer than its first line says, or a number is not finite.
    func read(_ words: TokenWords, into matrix: DenseMatrix) throws -> [Bool] {
        file.adviseSequential()
        var found = [Bool](repeating: false, count: words.count)
        let bytes = file.bytes
        var at = min(lineEnd(bytes, from: 0) + 1, bytes.count)
        for number in 0..<promised {
            while at < bytes.count, bytes[at] == 0x0A { at += 1 }
            let end = place(of: 0x20, in: bytes, from: at)
            guard end < bytes.count, bytes.count - end - 1 >= 4 * dimensions else { throw cutOff(after: number) }
            if let token = words.token(bytes[at..<end]), !found[token] {
                try copy(from: end + 1, into: matrix.elements(token), word: bytes[at..<end])
                found[token] = true
            }
            at = end + 1 + 4 * dimensions
        }
        while at < bytes.count, bytes[at] == 0x0A { at += 1 }
        guard at == bytes.count else {
            throw refused(
                "the file is longer than its header says", found: "\(bytes.count - at) bytes behind the last word",
                expected: "\(promised) words, as the first line says")
        }
        return found
    }

    private func copy(from start: Int, into row: BufferSlice<Float>, word: LineBytes) throws {
        for i in 0..<dimensions {
            row[i] = file.bytes.loadUnaligned(fromByteOffset: start + 4 * i, as: Float.self)
            guard row[i].isFinite else {
                throw refused(
                    "value not finite", found: "\(row[i]) in the vector of \(quoted(word, limit: 40))", expected: "finite numbers"
                )
            }
        }
    }

    private func cutOff(after words: Int) -> Failure {
        refused("the file is cut off", found: "\(words) words", expected: "\(promised), as the first line says")
    }

    private func refused(_ problem: String, found: String, expected: String) -> Failure {
        Failure(
            .usage, problem, at: file.path, found: found, expected: "\(expected) (word2vec's binary form)",
            advice: "copy or train the file again")
    }
}
