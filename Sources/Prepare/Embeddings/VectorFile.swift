import Foundation
import Support

/// fastText's .vec file: `words dimensions`, then a line of `word v1 v2 …` for each word.
enum VectorFile {
    /// A matrix whose rows are means of words' vectors; `rows(word)` says which rows a word takes part in, each once.
    ///
    /// The file is read line by line, so that vectors of words that no row needs take no memory.
    /// - Throws: `Failure` where a row gets no word, or a line is not `dimensions` numbers (inf and nan are read as such).
    static func means(
        _ path: String, count: Int, dimensions: Int, rows: (UnsafeBufferPointer<UInt8>) -> some Sequence<Int32>
    ) throws -> DenseMatrix {
        guard let file = fopen(path, "r") else { throw damaged(path, 0, found: String(cString: strerror(errno))) }
        defer { fclose(file) }
        let matrix = DenseMatrix(rows: count, cols: dimensions)
        var members = [Int](repeating: 0, count: count)
        let vector = Buffer<Float>(count: dimensions)
        var line: UnsafeMutablePointer<CChar>?
        var capacity = 0
        var number = 0
        defer { free(line) }
        while getline(&line, &capacity, file) > 0, let start = line {
            number += 1
            guard number > 1, let space = strchr(start, 0x20) else { continue }
            let word = UnsafeRawBufferPointer(start: start, count: space - start)
            var isParsed = false
            for row in rows(word.bindMemory(to: UInt8.self)) {
                if !isParsed, !parse(space + 1, into: vector.pointer, count: dimensions) {
                    throw damaged(path, number, found: "vector of \"\(String(decoding: word, as: UTF8.self))\"")
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

    private static func parse(_ text: UnsafePointer<CChar>, into row: UnsafeMutablePointer<Float>, count: Int) -> Bool {
        var at = text
        for col in 0..<count {
            var end: UnsafeMutablePointer<CChar>?
            row[col] = strtof(at, &end)
            guard let end, UnsafePointer(end) != at else { return false }
            at = UnsafePointer(end)
        }
        return true
    }

    private static func damaged(_ path: String, _ line: Int, found: String) -> Failure {
        Failure(
            .outOfResources, "fastText's vectors are not whole", at: "\(path):\(line)", found: found,
            expected: "one line of numbers for each token", advice: "check free disk space, then run the command again")
    }
}
