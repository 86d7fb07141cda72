// SPDX-License-Identifier: Apache-2.0
// Reads the records of a table load from host memory and writes their rows, one a clock at most.
//
// A record is checked as a whole before its first row is written; the first that is wrong ends the load. A flip that opens the bank
// being written ends it too, at the row it has come to.
module table_loader
  import layout_pkg::*, stream_pkg::*, host_if_pkg::*;
(
  input  logic          clk_i,
  input  logic          rst_ni,
  input  logic          start_i,       // while not loading_o
  input  logic [63:0]   address_i,     // multiple of 4096
  input  logic [31:0]   length_i,      // bytes, multiple of 64
  input  logic          open_bank_i,
  output logic          loading_o,
  output load_error_e   error_o,       // of the last load
  output logic [31:0]   load_count_o,  // loads ended

  output read_request_t request_o,
  input  logic          request_taken_i,
  input  logic          beat_valid_i,
  input  read_beat_t    beat_i,

  output table_write_t  table_write_o,
  input  logic          table_ready_i
);

  // Enough on the way to hide some 220 clocks of PCIe; their beats wait here for slow tables, not in the rings' way.
  localparam int unsigned LoadBurst = 32;
  localparam int unsigned Room = 256;
  localparam int unsigned CountBits = 26;  // of the beats of a load

  typedef enum logic [2:0] {
    Idle,
    Record,  // the next beat is a record's header
    Check,   // whether the record can be
    Judge,
    Rows,    // the next beat is a row
    Flush,   // an error: what is still on its way is taken and forgotten
    Ended
  } state_e;

  state_e               state_d, state_q;
  load_error_e          error_d;
  logic [63:0]          address_q;  // of the next burst
  logic [CountBits-1:0] to_ask_q;   // beats
  logic [CountBits-1:0] to_take_d, to_take_q;
  logic [$clog2(Room+1)-1:0] asked_q;  // beats asked for and not taken, a clock ago
  logic                 burst_taken_q, took_q;  // since
  logic [6:0]           taken_beats_q;
  logic                 runs_q;     // the load runs, and the next two are of it: no more than every third clock asks
  logic                 ask_q;
  logic [6:0]           burst_q;

  // ---- reading ----------------------------------------------------------------------------------------------------------------

  logic         beat_valid, take;
  logic [511:0] beat;
  logic         beat_error;
  logic         unused_ready;
  logic [$clog2(Room+2)-1:0] unused_used;

  always_ff @(posedge clk_i) begin
    runs_q  <= rst_ni && state_q != Idle;
    ask_q   <= to_ask_q != '0 && int'(asked_q) <= Room - LoadBurst && !request_taken_i && !burst_taken_q;
    burst_q <= to_ask_q > CountBits'(LoadBurst) ? 7'(LoadBurst) : 7'(to_ask_q);
  end

  assign request_o = '{
    valid: state_q inside {Record, Check, Judge, Rows} && runs_q && ask_q,
    address: address_q,
    beats: burst_q
  };

  fifo #(
    .Width(513),
    .Depth(Room)
  ) u_beats (
    .clk_i,
    .rst_ni,
    .valid_i(beat_valid_i),
    .ready_o(unused_ready),  // there is always room for what was asked for
    .data_i ({beat_i.error, beat_i.data}),
    .valid_o(beat_valid),
    .ready_i(take),
    .data_o ({beat_error, beat}),
    .used_o (unused_used)
  );

  // ---- records ----------------------------------------------------------------------------------------------------------------

  load_record_t header;
  logic         named_q, count_fits_q, sound_q, rows_fit_q, header_banked_q, header_open_q;  // what Record and Check find
  logic [32:0]  rows_end_q;
  logic [31:0]  table_rows_q;
  logic         banked_d, banked_q, bank_opened;
  logic [7:0]   table_d, table_q;
  logic         bank_d, bank_q;
  logic [15:0]  row_d, row_q;
  logic [15:0]  rows_left_d, rows_left_q;

  assign header = load_record_t'(beat);

  always_ff @(posedge clk_i) begin
    if (state_q == Record && beat_valid) begin
      named_q       <= header.magic == LoadMagic && header.table_id < 8'(TableCount);
      count_fits_q  <= CountBits'(header.count) < to_take_q;
      rows_end_q    <= {1'b0, header.row} + 33'(header.count);
      table_rows_q  <= 32'(TableRows[header.table_id[$clog2(TableCount)-1:0]]);
      header_banked_q <= TableBanked[header.table_id[$clog2(TableCount)-1:0]];
      header_open_q   <= TableBanked[header.table_id[$clog2(TableCount)-1:0]] && header.bank == open_bank_i;
    end
    if (state_q == Check) begin
      sound_q    <= named_q && count_fits_q;
      rows_fit_q <= rows_end_q <= {1'b0, table_rows_q};
    end
  end

  assign bank_opened = banked_q && bank_q == open_bank_i;

  assign table_write_o = '{
    valid: state_q == Rows && beat_valid && !beat_error && !bank_opened && table_ready_i,
    table_id: table_e'(table_q),
    bank: banked_q && bank_q,
    row: row_q,
    data: beat
  };

  always_comb begin
    state_d     = state_q;
    error_d     = error_o;
    table_d     = table_q;
    banked_d    = banked_q;
    bank_d      = bank_q;
    row_d       = row_q;
    rows_left_d = rows_left_q;
    to_take_d   = to_take_q;
    take        = 1'b0;
    unique case (state_q)
      Idle: begin
        if (start_i) begin
          state_d   = length_i == '0 ? Ended : Record;
          error_d   = LoadErrorNone;
          to_take_d = length_i[31:6];
          if (length_i[5:0] != '0) begin
            state_d = Ended;
            error_d = LoadErrorRecord;
          end else if (address_i[11:0] != '0) begin
            state_d = Ended;
            error_d = LoadErrorHostMemory;
          end
        end
      end
      Record: if (beat_valid) state_d = Check;
      Check:  state_d = Judge;
      Judge: begin
        take        = 1'b1;
        to_take_d   = to_take_q - CountBits'(1);
        table_d     = header.table_id;
        banked_d    = header_banked_q;
        bank_d      = header.bank;
        row_d       = header.row[15:0];
        rows_left_d = header.count;
        if (beat_error || !sound_q || !rows_fit_q || header_open_q) begin
          state_d = Flush;
          error_d = beat_error ? LoadErrorHostMemory : !sound_q || !rows_fit_q ? LoadErrorRecord : LoadErrorOpenBank;
        end else if (header.count != '0) begin
          state_d = Rows;
        end else begin
          state_d = to_take_q == CountBits'(1) ? Ended : Record;
        end
      end
      Rows: begin
        if (beat_valid && (beat_error || bank_opened)) begin
          state_d = Flush;
          error_d = beat_error ? LoadErrorHostMemory : LoadErrorOpenBank;
        end else if (table_write_o.valid) begin
          take        = 1'b1;
          to_take_d   = to_take_q - CountBits'(1);
          row_d       = row_q + 16'd1;
          rows_left_d = rows_left_q - 16'd1;
          if (rows_left_q == 16'd1) state_d = to_take_q == CountBits'(1) ? Ended : Record;
        end
      end
      Flush: begin
        take = beat_valid;
        if (asked_q == '0 && !burst_taken_q) state_d = Ended;
      end
      default: state_d = Idle;
    endcase
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      state_q       <= Idle;
      error_o       <= LoadErrorNone;
      load_count_o  <= '0;
      asked_q       <= '0;
      burst_taken_q <= 1'b0;
      took_q        <= 1'b0;
    end else begin
      state_q <= state_d;
      error_o <= error_d;
      if (state_q == Ended) load_count_o <= load_count_o + 32'd1;
      burst_taken_q <= request_taken_i;
      took_q        <= take;
      if (burst_taken_q || took_q) asked_q <= asked_q + (burst_taken_q ? $bits(asked_q)'(taken_beats_q) : '0) - $bits(asked_q)'(took_q);
    end
    if (state_q != Idle || start_i) begin
      table_q     <= table_d;
      banked_q    <= banked_d;
      bank_q      <= bank_d;
      row_q       <= row_d;
      rows_left_q <= rows_left_d;
      to_take_q   <= to_take_d;
    end
    if (start_i) begin
      address_q <= address_i;
      to_ask_q  <= length_i[31:6];
    end else if (request_taken_i) begin
      taken_beats_q <= burst_q;
      address_q <= address_q + 64'(burst_q) * 64'(BeatBytes);
      to_ask_q  <= to_ask_q - CountBits'(burst_q);
    end
    if (rst_ni && start_i) assert (state_q == Idle) else $error("a load while a load runs");
  end

  assign loading_o = state_q != Idle;

endmodule
