import Formats
import Foundation
import Support

/// fastText's .vec file: `words dimensions`, then a line of `word v1 v2 …` for each word.
enum VectorFile {
    /// A matrix whose rows are means of words' vectors; `rows(word)` says which rows a word takes part in, each once.
    ///
    /// The file is read line by line, so that vectors of words that no row needs take no memory.
    /// - Throws: `Failure` where a row gets no word, or a line is not `dimensions` numbers (inf and nan are read as such).
    static func means(
        _ path: String, count: Int, dimensions: Int, rows: (Span<UInt8>) -> some Sequence<Int32>
    ) throws -> DenseMatrix {
        let matrix = DenseMatrix(rows: count, cols: dimensions)
        var members = [Int](repeating: 0, count: count)
        var vector: [Float] = []
        var number = 0
        try MappedFile(path: path).forEachLine { line, at in
            number = at
            guard number > 1, let space = line.firstIndex(of: UInt8(ascii: " ")) else { return }
            let word = line[..<space]
            var isParsed = false
            for row in word.withSpan(rows) {
                if !isParsed {
                    vector = leadingNumbers(line[(space + 1)...], count: dimensions)
                    guard vector.count == dimensions else {
                        throw damaged(path, number, found: "vector of \"\(String(decoding: word, as: UTF8.self))\"")
                    }
                }
                isParsed = true
                members[Int(row)] += 1
                for col in 0..<dimensions { matrix[Int(row), col] += vector[col] }
            }
        }
        let found = members.count { $0 > 0 }
        guard found == count else { throw damaged(path, number, found: "\(found) of \(count) tokens") }
        for row in 0..<count where members[row] > 1 {
            for col in 0..<dimensions { matrix[row, col] /= Float(members[row]) }
        }
        return matrix
    }

    private static func damaged(_ path: String, _ line: Int, found: String) -> Failure {
        Failure(
            .outOfResources, "fastText's vectors are not whole", at: "\(path):\(line)", found: found,
            expected: "one line of numbers for each token", advice: "check free disk space, then run the command again")
    }
}
