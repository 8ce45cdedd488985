"""What must stay out and what may leave: withdrawals, licence and consent."""
