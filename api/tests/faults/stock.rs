//! The stream of stock changes: it lives of notes alone, so what comes through it shows that notes flow.

use crate::{process::Server, wait::SOON};

pub struct StockStream {
    answer: reqwest::Response,
    text: String,
}

impl StockStream {
    pub async fn open(server: &Server) -> Self {
        let answer = reqwest::get(format!("{}/api/stock/events", server.base)).await.expect("a stream");
        Self { answer, text: String::new() }
    }

    /// Reads on until this product has this much stock.
    pub async fn until(&mut self, product: i64, stock: i32) {
        self.read_until(&[format!("\"product_id\":{product},"), format!("\"stock\":{stock}}}")]).await;
    }

    /// Reads on until anything is told of this product.
    pub async fn until_any(&mut self, product: i64) {
        self.read_until(&[format!("\"product_id\":{product},")]).await;
    }

    /// Reads on until one line has all of these.
    async fn read_until(&mut self, wanted: &[String]) {
        let read = async {
            while !self.text.lines().any(|line| wanted.iter().all(|w| line.contains(w))) {
                let chunk = self.answer.chunk().await.expect("the stream goes on").expect("the stream goes on");
                self.text.push_str(&String::from_utf8_lossy(&chunk));
            }
        };
        let done = tokio::time::timeout(SOON, read).await;
        assert!(done.is_ok(), "{wanted:?} didn't come: {}", self.text);
        self.text.clear();
    }
}
