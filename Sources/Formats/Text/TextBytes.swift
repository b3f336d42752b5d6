import CText
import Glibc
import Support

/// The float nearest to a decimal number of either sign; nil where the bytes are none or it is out of a float's range.
package func decimalNumber(_ bytes: UnsafeRawBufferPointer) -> Float? {
    let negative = bytes.first == UInt8(ascii: "-")
    let digits = negative ? UnsafeRawBufferPointer(rebasing: bytes.dropFirst()) : bytes
    // The kernel reads one sign; a second one is no number.
    if negative, let sign = digits.first, sign == UInt8(ascii: "-") || sign == UInt8(ascii: "+") { return nil }
    guard let text = digits.baseAddress?.assumingMemoryBound(to: CChar.self) else { return nil }
    var value: Float = 0
    guard ct_text_number(text, digits.count, &value) == Int32(CT_OK) else { return nil }
    return negative ? -value : value
}

/// The place of the next line feed from `start` on, or the end.
package func lineEnd(_ bytes: UnsafeRawBufferPointer, from start: Int) -> Int { place(of: 10, in: bytes, from: start) }

/// The place of the next such byte from `start` on, or the end.
package func place(of byte: UInt8, in bytes: UnsafeRawBufferPointer, from start: Int) -> Int {
    guard start < bytes.count, let base = bytes.baseAddress,
        let found = memchr(base + start, Int32(byte), bytes.count - start)
    else { return bytes.count }
    return UnsafeRawPointer(found) - base
}

/// Bytes of a mapped file: a line of it, or a part of a line. They are good as long as the file is mapped.
package typealias LineBytes = Slice<UnsafeRawBufferPointer>

extension LineBytes {
    private var rebased: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: self) }

    package var contentHash: UInt64 { ContentHash.of(rebased) }

    package func equals(_ other: LineBytes) -> Bool {
        guard count == other.count else { return false }
        guard let bytes = rebased.baseAddress, let others = other.rebased.baseAddress else { return true }
        return memcmp(bytes, others, count) == 0
    }

    package func withSpan<Result>(_ body: (Span<UInt8>) throws -> Result) rethrows -> Result {
        try body(rebased.bindMemory(to: UInt8.self).span)
    }
}

/// The float nearest to a decimal number of either sign; nil where the bytes are none or it is out of a float's range.
package func decimalNumber(_ bytes: LineBytes) -> Float? { decimalNumber(UnsafeRawBufferPointer(rebasing: bytes)) }

/// The first `count` numbers of a line, as the C library reads them (inf and nan too); fewer where one is none.
package func leadingNumbers(_ line: LineBytes, count: Int) -> [Float] {
    (line.map { CChar(bitPattern: $0) } + [0]).withUnsafeBufferPointer { text in
        var numbers: [Float] = []
        var at = text.baseAddress!
        while numbers.count < count {
            var end: UnsafeMutablePointer<CChar>?
            let number = strtof(at, &end)
            guard let end, UnsafePointer(end) != at else { break }
            numbers.append(number)
            at = UnsafePointer(end)
        }
        return numbers
    }
}

/// The start of `bytes` in back-quotes, with what can't be printed escaped.
package func quoted(_ bytes: some Sequence<UInt8>, limit: Int = 60) -> String {
    var text = ""
    var count = 0
    for byte in bytes {
        if count == limit { return "`\(text)…`" }
        count += 1
        switch byte {
        case 0x20...0x7e: text.unicodeScalars.append(Unicode.Scalar(byte))
        case UInt8(ascii: "\t"): text += "\\t"
        case UInt8(ascii: "\r"): text += "\\r"
        default: text += "\\x" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }
    }
    return "`\(text)`"
}
