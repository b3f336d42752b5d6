/// One vector of a row's vectors, and a row's matrix turned round. `starts` as of `SequenceOperations`.
public protocol PoolingOperations {
    /// Attention pooling (Yang et al., NAACL 2016, eq. 6 and 7): y[r] = Σ a_t x_t over row r's vectors, a being the softmax of
    /// q·x_t/√d. Each of `heads` heads works on its own d = cols/heads columns. A row without vectors is zero.
    ///
    /// - Parameters:
    ///   - query: 1×cols.
    ///   - shares: vectors×heads, without padding: a, for the backward pass.
    func attentionPool(_ x: Tensor, starts: [Int64], query: Tensor, heads: Int, shares: Tensor, into y: Tensor)

    /// dx (vectors×cols) and the gradient of the query (1×cols, overwritten: summed in the order of rows and vectors) from g, the
    /// gradient of `attentionPool`'s result.
    func attentionPoolBackward(
        _ g: Tensor, x: Tensor, starts: [Int64], query: Tensor, heads: Int, shares: Tensor, into dx: Tensor, dQuery: Tensor)

    /// y[r] = the largest of row r's vectors, column by column. A row without vectors is zero.
    ///
    /// - Parameter places: as large as y, without padding: where each maximum is, as the device likes to note it.
    func columnMax(_ x: Tensor, starts: [Int64], into y: Tensor, places: Tensor)

    /// dx (vectors×cols) from the gradient of `columnMax`'s result; of equal vectors the first gets it.
    func columnMaxBackward(_ g: Tensor, starts: [Int64], places: Tensor, into dx: Tensor)

    /// Each row's vectors as columns: y[r·cols + c, t] = x[starts[r] + t, c], zeros beyond the row's end; vectors beyond y's columns
    /// are left out.
    ///
    /// - Parameters:
    ///   - x: vectors×cols.
    ///   - y: (rows·cols)×most.
    func turn(_ x: Tensor, starts: [Int64], into y: Tensor)

    /// dx (vectors×cols) from the gradient of `turn`'s result; zeros where vectors were left out.
    func turnBackward(_ g: Tensor, starts: [Int64], into dx: Tensor)
}
