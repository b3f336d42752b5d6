import Support

extension NPZ {
    /// Writes `matrix` as the member `name` of an archive, `<f4` in C order: `numpy.load(path)[name]` is it. The file
    /// appears when it is whole.
    ///
    /// - Throws: `Failure` where the folder is missing or not writable, or the disk is full.
    public static func writeDense(path: String, name: String, matrix: DenseMatrix) throws {
        var zip = try ZipWriter(path: path)
        try withExtendedLifetime(matrix) {
            try NPYHeader(type: "<f4", shape: [matrix.rows, matrix.cols]).bytes.withUnsafeBytes {
                try zip.add("\(name).npy", [$0, UnsafeRawBufferPointer(matrix.buffer.bytes)])
            }
        }
        try zip.finish()
    }
}
