// SPDX-License-Identifier: Apache-2.0
// The card's registers (hw/layout/registers.hpp) on AXI4-Lite: one write and one read at a time.
//
// A write of rx_slots or tx_slots is answered when its ring is idle, so after the answer the ring's old memory is the host's again. A
// write of sa_state_select waits for the capture before it. A write with a partial strobe changes nothing and answers SLVERR.
module csr
  import layout_pkg::*, host_if_pkg::*;
(
  input logic clk_i,
  input logic rst_ni,

  input  logic        s_axil_awvalid,
  output logic        s_axil_awready,
  input  logic [11:0] s_axil_awaddr,
  input  logic        s_axil_wvalid,
  output logic        s_axil_wready,
  input  logic [31:0] s_axil_wdata,
  input  logic [3:0]  s_axil_wstrb,
  output logic        s_axil_bvalid,
  input  logic        s_axil_bready,
  output logic [1:0]  s_axil_bresp,
  input  logic        s_axil_arvalid,
  output logic        s_axil_arready,
  input  logic [11:0] s_axil_araddr,
  output logic        s_axil_rvalid,
  input  logic        s_axil_rready,
  output logic [31:0] s_axil_rdata,
  output logic [1:0]  s_axil_rresp,

  // settings
  output logic        enable_o,
  output logic        wipe_o,        // a pulse
  input  logic        wiping_i,      // from the clock after it until done
  output logic [47:0] lan_mac_o,
  output logic [47:0] wan_mac_o,
  output logic [31:0] hash_seed_o,
  output logic [11:0] lan_vlan_o,    // 0: none
  output logic [11:0] wan_vlan_o,
  output logic        plain_tags_o,
  output logic [31:0] generation_o,
  output logic [63:0] clock_o,

  // table load
  output logic        load_start_o,  // a pulse, with
  output logic [63:0] load_address_o,
  output logic [31:0] load_length_o,
  input  logic        loading_i,
  input  load_error_e load_error_i,
  input  logic [31:0] load_count_i,

  // rings
  output ring_t       rx_o,
  output logic        rx_hold_o,     // a write of rx_slots waits
  input  logic        rx_idle_i,
  output logic        rx_restart_o,  // the clock in which it is done
  input  logic [31:0] rx_producer_i,
  output ring_t       tx_o,
  output logic        tx_hold_o,
  input  logic        tx_idle_i,
  output logic        tx_restart_o,
  input  logic [31:0] tx_consumer_i,

  // capture of an SA's living state
  output logic                   capture_valid_o,  // a pulse
  output logic                   capture_outbound_o,
  output logic [SaIndexBits-1:0] capture_sa_index_o,
  input  logic                   capture_valid_i,  // the answer
  input  logic [511:0]           capture_i,

  // counters
  input  logic [1:0][31:0] in_flight_i,
  output logic             counter_drop_o,
  output logic [5:0]       counter_index_o,
  input  logic [63:0]      counter_i,        // two clocks later

  output logic busy_o
);

  localparam logic [1:0] Okay = 2'b00;
  localparam logic [1:0] SlvErr = 2'b10;

  // ---- writes -----------------------------------------------------------------------------------------------------------------

  logic        address_held_q, data_held_q;
  logic [11:0] write_address_q;
  logic [31:0] write_data_q;
  logic        write_whole_q;
  logic        pending_q, held_q, due_q;  // a write is complete; the ring that it stops holds; what it must wait for shows
  logic        free;              // what it must wait for has come
  logic        done_q, write_q;   // it is done in this clock; and changes something
  logic        answered_q;        // there was an answer a clock ago: the rings begin to know what has been written
  logic        is_rx_slots_q, is_tx_slots_q, is_select_q, slots_fit_q, flips_q;
  logic [31:0] next_generation_q;
  logic        capturing_q;

  assign s_axil_awready = !address_held_q && !s_axil_bvalid;
  assign s_axil_wready  = !data_held_q && !s_axil_bvalid;

  assign rx_restart_o = done_q && is_rx_slots_q;
  assign tx_restart_o = done_q && is_tx_slots_q;
  assign free         = !(is_rx_slots_q && !rx_idle_i) && !(is_tx_slots_q && !tx_idle_i) && !(is_select_q && capturing_q);

  always_ff @(posedge clk_i) begin
    pending_q         <= rst_ni && address_held_q && data_held_q && !done_q;
    held_q            <= rst_ni && pending_q && !done_q;
    rx_hold_o         <= rst_ni && pending_q && !done_q && is_rx_slots_q;
    tx_hold_o         <= rst_ni && pending_q && !done_q && is_tx_slots_q;
    due_q             <= rst_ni && held_q && !done_q;
    done_q            <= rst_ni && due_q && free && !done_q;  // nothing begins meanwhile that would have to be waited for
    answered_q        <= rst_ni && s_axil_bvalid;
    write_q           <= rst_ni && due_q && free && !done_q && write_whole_q;
    is_rx_slots_q     <= write_whole_q && write_address_q == RegRxSlots;
    is_tx_slots_q     <= write_whole_q && write_address_q == RegTxSlots;
    is_select_q       <= write_address_q == RegSaStateSelect;
    slots_fit_q       <= slots_fit(write_data_q);
    next_generation_q <= generation_o + 32'd1;
    flips_q           <= write_data_q == next_generation_q;
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      address_held_q <= 1'b0;
      data_held_q    <= 1'b0;
      s_axil_bvalid  <= 1'b0;
    end else begin
      if (s_axil_awvalid && s_axil_awready) address_held_q <= 1'b1;
      if (s_axil_wvalid && s_axil_wready) data_held_q <= 1'b1;
      if (s_axil_bready) s_axil_bvalid <= 1'b0;
      if (done_q) begin
        address_held_q <= 1'b0;
        data_held_q    <= 1'b0;
        s_axil_bvalid  <= 1'b1;
      end
    end
    if (s_axil_awvalid && s_axil_awready) write_address_q <= {s_axil_awaddr[11:2], 2'b00};
    if (s_axil_wvalid && s_axil_wready) begin
      write_data_q  <= s_axil_wdata;
      write_whole_q <= s_axil_wstrb == '1;
    end
    if (done_q) s_axil_bresp <= write_whole_q ? Okay : SlvErr;
  end

  // ---- registers --------------------------------------------------------------------------------------------------------------

  logic              wipe_q;  // asked for and not done
  logic [3:0][31:0]  cookie_q;
  logic [31:0]       select_q;
  logic [15:0][31:0] sa_state_q;
  logic              rx_fits_q, tx_fits_q;  // the rings' slots

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      enable_o        <= 1'b0;
      wipe_o          <= 1'b0;
      wipe_q          <= 1'b0;
      generation_o    <= '0;
      cookie_q        <= '0;
      clock_o         <= '0;
      lan_mac_o       <= '0;
      wan_mac_o       <= '0;
      hash_seed_o     <= '0;
      lan_vlan_o      <= '0;
      wan_vlan_o      <= '0;
      plain_tags_o    <= 1'b0;
      load_start_o    <= 1'b0;
      load_address_o  <= '0;
      load_length_o   <= '0;
      rx_o            <= '0;
      tx_o            <= '0;
      rx_fits_q       <= 1'b0;
      tx_fits_q       <= 1'b0;
      select_q        <= '0;
      sa_state_q      <= '0;
      capture_valid_o <= 1'b0;
      capturing_q     <= 1'b0;
    end else begin
      clock_o         <= clock_o + 64'd1;
      wipe_o          <= 1'b0;
      load_start_o    <= 1'b0;
      capture_valid_o <= 1'b0;
      rx_o.runs       <= rx_fits_q && rx_o.address[11:0] == '0;
      tx_o.runs       <= tx_fits_q && tx_o.address[11:0] == '0;
      if (wipe_q && !wipe_o && !wiping_i) wipe_q <= 1'b0;
      if (capture_valid_i) begin
        capturing_q <= 1'b0;
        sa_state_q  <= capture_i;
      end
      if (write_q) begin
        unique case (write_address_q)
          RegControl: begin
            enable_o <= write_data_q[0];
            if (write_data_q[1]) begin
              wipe_o <= 1'b1;
              wipe_q <= 1'b1;
            end
          end
          RegFlip:              if (flips_q) generation_o <= write_data_q;
          RegCookie:            cookie_q[0] <= write_data_q;
          RegCookie + 12'd4:    cookie_q[1] <= write_data_q;
          RegCookie + 12'd8:    cookie_q[2] <= write_data_q;
          RegCookie + 12'd12:   cookie_q[3] <= write_data_q;
          RegLanMac:            lan_mac_o[31:0] <= write_data_q;
          RegLanMac + 12'd4:    lan_mac_o[47:32] <= write_data_q[15:0];
          RegWanMac:            wan_mac_o[31:0] <= write_data_q;
          RegWanMac + 12'd4:    wan_mac_o[47:32] <= write_data_q[15:0];
          RegHashSeed:          hash_seed_o <= write_data_q;
          RegLanVlan:           lan_vlan_o <= write_data_q[11:0];
          RegWanVlan:           wan_vlan_o <= write_data_q[11:0];
          RegPlainTags:         plain_tags_o <= write_data_q[0];
          RegLoadAddress:       load_address_o[31:0] <= write_data_q;
          RegLoadAddress + 12'd4: load_address_o[63:32] <= write_data_q;
          RegLoadLength: begin
            if (!loading_i && !load_start_o) begin  // a load that runs goes on undisturbed
              load_length_o <= write_data_q;
              load_start_o  <= 1'b1;
            end
          end
          RegRxAddress:         rx_o.address[31:0] <= write_data_q;
          RegRxAddress + 12'd4: rx_o.address[63:32] <= write_data_q;
          RegRxSlots: begin
            rx_o.slots <= write_data_q;
            rx_o.host  <= '0;
            rx_o.runs  <= 1'b0;
            rx_fits_q  <= slots_fit_q;
          end
          RegRxConsumer:        rx_o.host <= write_data_q;
          RegTxAddress:         tx_o.address[31:0] <= write_data_q;
          RegTxAddress + 12'd4: tx_o.address[63:32] <= write_data_q;
          RegTxSlots: begin
            tx_o.slots <= write_data_q;
            tx_o.host  <= '0;
            tx_o.runs  <= 1'b0;
            tx_fits_q  <= slots_fit_q;
          end
          RegTxProducer:        tx_o.host <= write_data_q;
          RegSaStateSelect: begin
            select_q        <= write_data_q;
            capture_valid_o <= 1'b1;
            capturing_q     <= 1'b1;
          end
          default: ;  // read only, or nothing at all
        endcase
      end
    end
  end

  assign capture_outbound_o = select_q[31];
  assign capture_sa_index_o = select_q[SaIndexBits-1:0];

  // ---- reads ------------------------------------------------------------------------------------------------------------------

  logic [4:1]  reading_q;       // a read came so many clocks ago; in the last it is answered
  logic [11:0] read_address_q;

  // Reading a low half holds its high half, whatever else is read before that: a word for each 64-bit register.
  localparam int unsigned PairBits = 8;
  logic [31:0]            held[1 << PairBits];
  logic [2**PairBits-1:0] held_valid_q;
  logic [PairBits-1:0]    pair;

  if (32'(RegDropCounters) + 8 * DropReasons > 8 << PairBits) $fatal(1, "a 64-bit register lies beyond what is held");
  assign pair = read_address_q[3+:PairBits];

  assign s_axil_arready  = reading_q == '0 && !s_axil_rvalid;
  assign s_axil_rresp    = Okay;
  assign counter_drop_o  = read_address_q >= RegDropCounters;
  assign counter_index_o = read_address_q[8:3];

  function automatic logic in_run(logic [11:0] address, logic [11:0] first, int unsigned registers);
    return address >= first && 32'(address) < 32'(first) + 4 * registers;
  endfunction

  // What the address asks for is looked up a clock, and put together in the next two.
  logic        clock_q, counter_q, held_valid_now_q;
  logic [15:0] held_valid_few_q;  // of one in sixteen pairs
  logic [31:0] held_now_q;
  logic [63:0] clock_value_q, wide_value_q;     // of a value that must be read as one
  logic [31:0] settings_q, loads_q, rings_q, others_q;   // of registers of 32 bits; at most one is not zero
  logic        wide_q;
  logic [31:0] narrow_q;
  logic [31:0] settings, loads, rings, others;

  // Looked at only in the clock of a read.
  always_comb begin
    settings = '0;
    loads    = '0;
    rings    = '0;
    others   = '0;
    if (reading_q[1]) begin
      if (in_run(read_address_q, RegSaState, 16)) others = sa_state_q[read_address_q[5:2]];
      if (in_run(read_address_q, RegCookie, 4)) others = cookie_q[read_address_q[3:2]];
      if (in_run(read_address_q, RegInFlight, 2)) others = in_flight_i[read_address_q[2]];
      case (read_address_q)
        RegId:                  settings = CardId;
        RegVersion:             settings = LayoutVersion;
        RegControl:             settings = {30'd0, wipe_q, enable_o};
        RegStatus:              settings = {16'd0, load_error_i, 7'd0, loading_i || load_start_o};
        RegGeneration:          settings = generation_o;
        RegLanMac:              settings = lan_mac_o[31:0];
        RegLanMac + 12'd4:      settings = {16'd0, lan_mac_o[47:32]};
        RegWanMac:              settings = wan_mac_o[31:0];
        RegWanMac + 12'd4:      settings = {16'd0, wan_mac_o[47:32]};
        RegHashSeed:            settings = hash_seed_o;
        RegLanVlan:             settings = {20'd0, lan_vlan_o};
        RegWanVlan:             settings = {20'd0, wan_vlan_o};
        RegPlainTags:           settings = {31'd0, plain_tags_o};
        default:                ;
      endcase
      case (read_address_q)
        RegLoadAddress:         loads = load_address_o[31:0];
        RegLoadAddress + 12'd4: loads = load_address_o[63:32];
        RegLoadLength:          loads = load_length_o;
        RegLoadCount:           loads = load_count_i;
        RegSaStateSelect:       loads = select_q;
        RegSaStateReady:        loads = {31'd0, !capturing_q};
        default:                ;
      endcase
      case (read_address_q)
        RegRxAddress:           rings = rx_o.address[31:0];
        RegRxAddress + 12'd4:   rings = rx_o.address[63:32];
        RegRxSlots:             rings = rx_o.slots;
        RegRxConsumer:          rings = rx_o.host;
        RegRxProducer:          rings = rx_producer_i;
        RegTxAddress:           rings = tx_o.address[31:0];
        RegTxAddress + 12'd4:   rings = tx_o.address[63:32];
        RegTxSlots:             rings = tx_o.slots;
        RegTxProducer:          rings = tx_o.host;
        RegTxConsumer:          rings = tx_consumer_i;
        default:                ;
      endcase
    end
  end

  always_ff @(posedge clk_i) begin
    if (!rst_ni) begin
      reading_q     <= '0;
      s_axil_rvalid <= 1'b0;
      held_valid_q  <= '0;
    end else begin
      reading_q <= {reading_q[3:1], s_axil_arvalid && s_axil_arready};
      if (s_axil_rready) s_axil_rvalid <= 1'b0;
      if (reading_q[4]) s_axil_rvalid <= 1'b1;
      if (reading_q[4] && wide_q && !read_address_q[2]) begin
        for (int unsigned i = 0; i < 1 << PairBits; i++) if (pair == PairBits'(i)) held_valid_q[i] <= 1'b1;
      end
    end
    if (s_axil_arvalid && s_axil_arready) read_address_q <= {s_axil_araddr[11:2], 2'b00};
    if (reading_q[1]) begin
      clock_q          <= in_run(read_address_q, RegClock, 2);
      counter_q        <= in_run(read_address_q, RegCounters, 2 * CounterCount) ||
                          in_run(read_address_q, RegDropCounters, 2 * DropReasons);
      clock_value_q    <= clock_o;
      settings_q       <= settings;
      loads_q          <= loads;
      rings_q          <= rings;
      others_q         <= others;
      held_now_q       <= held[pair];
      for (int unsigned i = 0; i < 16; i++) held_valid_few_q[i] <= held_valid_q[{4'(i), pair[3:0]}];
    end
    if (reading_q[3]) begin
      wide_q           <= clock_q || counter_q;
      wide_value_q     <= clock_q ? clock_value_q : counter_i;
      narrow_q         <= settings_q | loads_q | rings_q | others_q;
      held_valid_now_q <= held_valid_few_q[pair[7:4]];
    end
    if (reading_q[4]) begin
      if (!wide_q) begin
        s_axil_rdata <= narrow_q;
      end else if (!read_address_q[2]) begin
        s_axil_rdata <= wide_value_q[31:0];
        held[pair]   <= wide_value_q[63:32];
      end else begin
        s_axil_rdata <= held_valid_now_q ? held_now_q : '0;
      end
    end
  end

  assign busy_o = address_held_q || data_held_q || s_axil_bvalid || answered_q || reading_q != '0 ||
                  s_axil_rvalid || wipe_q || capturing_q || load_start_o;

endmodule
