--
-- PostgreSQL database dump
--


-- Dumped from database version 15.18 (Debian 15.18-0+deb12u1)
-- Dumped by pg_dump version 15.18 (Debian 15.18-0+deb12u1)

SET statement_timeout = 0;
SET lock_timeout = 0;
SET idle_in_transaction_session_timeout = 0;
SET client_encoding = 'UTF8';
SET standard_conforming_strings = on;
SELECT pg_catalog.set_config('search_path', '', false);
SET check_function_bodies = false;
SET xmloption = content;
SET client_min_messages = warning;
SET row_security = off;

--
-- Name: refuse_change(); Type: FUNCTION; Schema: public; Owner: -
--

CREATE FUNCTION public.refuse_change() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation'; END $$;


SET default_tablespace = '';

SET default_table_access_method = heap;

--
-- Name: alembic_version; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);


--
-- Name: authorization; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."authorization" (
    id character varying NOT NULL,
    version integer NOT NULL,
    client character varying NOT NULL,
    order_id character varying NOT NULL,
    patient character varying NOT NULL,
    payer character varying NOT NULL,
    state character varying NOT NULL,
    determination character varying NOT NULL,
    due_at character varying(27) COLLATE pg_catalog."C",
    created_at character varying(27) NOT NULL COLLATE pg_catalog."C",
    updated_at character varying(27) NOT NULL COLLATE pg_catalog."C",
    record text NOT NULL
);


--
-- Name: client; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.client (
    name character varying NOT NULL,
    token_sha256 character varying(64) NOT NULL,
    created_at character varying(27) NOT NULL COLLATE pg_catalog."C"
);


--
-- Name: completion; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.completion (
    order_id character varying NOT NULL,
    number integer NOT NULL,
    actor character varying NOT NULL,
    received_at character varying(27) NOT NULL COLLATE pg_catalog."C",
    sha256 character varying(64) NOT NULL,
    body bytea NOT NULL
);


--
-- Name: event; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.event (
    "position" bigint NOT NULL,
    "authorization" character varying NOT NULL,
    version integer NOT NULL,
    name character varying NOT NULL,
    at character varying(27) NOT NULL COLLATE pg_catalog."C",
    actor character varying NOT NULL,
    before character varying,
    after character varying NOT NULL,
    payload text NOT NULL
);


--
-- Name: event_position_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.event_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: event_position_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.event_position_seq OWNED BY public.event."position";


--
-- Name: exchange; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.exchange (
    "position" bigint NOT NULL,
    id character varying NOT NULL,
    "authorization" character varying NOT NULL,
    pair character varying NOT NULL,
    operation character varying NOT NULL,
    attempt integer NOT NULL,
    direction character varying NOT NULL,
    at character varying(27) NOT NULL COLLATE pg_catalog."C",
    url character varying NOT NULL,
    status integer NOT NULL,
    media_type character varying NOT NULL,
    identifier character varying NOT NULL,
    sha256 character varying(64) NOT NULL,
    body bytea NOT NULL
);


--
-- Name: exchange_position_seq; Type: SEQUENCE; Schema: public; Owner: -
--

CREATE SEQUENCE public.exchange_position_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;


--
-- Name: exchange_position_seq; Type: SEQUENCE OWNED BY; Schema: public; Owner: -
--

ALTER SEQUENCE public.exchange_position_seq OWNED BY public.exchange."position";


--
-- Name: order; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public."order" (
    id character varying NOT NULL,
    client character varying NOT NULL,
    received_at character varying(27) NOT NULL COLLATE pg_catalog."C",
    sha256 character varying(64) NOT NULL,
    body bytea NOT NULL,
    split boolean NOT NULL,
    hold boolean NOT NULL,
    requestor character varying NOT NULL,
    payer character varying NOT NULL
);


--
-- Name: work; Type: TABLE; Schema: public; Owner: -
--

CREATE TABLE public.work (
    "authorization" character varying NOT NULL,
    step character varying NOT NULL,
    due_at character varying(27) COLLATE pg_catalog."C",
    owner character varying NOT NULL,
    lease_until character varying(27) COLLATE pg_catalog."C",
    fence integer NOT NULL
);


--
-- Name: event position; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event ALTER COLUMN "position" SET DEFAULT nextval('public.event_position_seq'::regclass);


--
-- Name: exchange position; Type: DEFAULT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.exchange ALTER COLUMN "position" SET DEFAULT nextval('public.exchange_position_seq'::regclass);


--
-- Data for Name: alembic_version; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.alembic_version VALUES ('0001');


--
-- Data for Name: authorization; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."authorization" VALUES ('decided', 7, 'valley-clinic', 'order-decided', 'Patient/p1', 'acorn', 'decided', 'partly_approved', NULL, '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:42.250006Z', '{"id":"decided","version":7,"client":"valley-clinic","order_id":"order-decided","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"decided","determination":"partly_approved","urgency":"expedited","due_at":null,"due_basis":"","trace_system":"urn:example:trace","trace_value":"T-decided","submission_id":"S-decided","claim_url":"urn:uuid:decided","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":{"result":"modified","action":{"code":"A6","system":"urn:example:306","source":"ClaimResponse.item[0]"},"reasons":[{"code":"0X","system":"","source":""}],"notes":[{"text":"Six visits – not twelve\r\nsee “letter”.","source":"ClaimResponse.processNote[0]"}],"authorization_number":"AUTH0001","administration_reference_number":"","previous_authorization_number":"","issued":"2026-03-03","valid":{"start":"2026-03-03","end":"2026-06-03"},"quantity":{"value":"6.0","unit":""},"providers":[{"reference":"Organization/o1","npi":"1234567893","source":""}],"authorized":[{"replaces":[1],"result":"approved","code":{"code":"73721","system":"","source":""},"modifiers":[{"code":"RT","system":"","source":""}],"quantity":{"value":"1E+1","unit":""},"dates":null,"place":null,"providers":[],"authorization_number":"","valid":null,"action":null,"source":""}],"channel":"pas","sources":[["result","ClaimResponse.item[0].adjudication[0]"]]}},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":{"result":"denied","action":{"code":"A3","system":"","source":""},"reasons":[],"notes":[],"authorization_number":"","administration_reference_number":"","previous_authorization_number":"","issued":null,"valid":null,"quantity":null,"providers":[],"authorized":[],"channel":"pas","sources":[]}}],"additional":[],"rejections":[],"notes":[{"text":"Six visits – not twelve\r\nsee “letter”.","source":"ClaimResponse.processNote[0]"}],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"acknowledged by person:Ana Ruiz","attempts":1,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:42.250006Z","submitted_at":"2026-03-02T09:30:28.250004Z","answered_at":"2026-03-02T09:30:35.250005Z","decided_at":"2026-03-02T09:30:35.250005Z"}');
INSERT INTO public."authorization" VALUES ('gaps', 7, 'valley-clinic', 'order-gaps', 'Patient/p1', 'acorn', 'cancelled', 'none', NULL, '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:42.250006Z', '{"id":"gaps","version":7,"client":"valley-clinic","order_id":"order-gaps","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"cancelled","determination":"none","urgency":"expedited","due_at":null,"due_basis":"","trace_system":"urn:example:trace","trace_value":"T-gaps","submission_id":"S-gaps","claim_url":"urn:uuid:gaps","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"additional":[],"rejections":[{"reason":{"code":"72","system":"","source":""},"follow_up":null,"element":"","path":"Claim.insurance[0]","text":"no such id","source":""}],"notes":[],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"asked for by mistake","attempts":1,"not_before":null,"related":["elsewhere"],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:42.250006Z","submitted_at":"2026-03-02T09:30:28.250004Z","answered_at":"2026-03-02T09:30:35.250005Z","decided_at":null}');
INSERT INTO public."authorization" VALUES ('pended', 7, 'valley-clinic', 'order-pended', 'Patient/p1', 'acorn', 'decided', 'none', NULL, '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:42.250006Z', '{"id":"pended","version":7,"client":"valley-clinic","order_id":"order-pended","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"decided","determination":"none","urgency":"expedited","due_at":null,"due_basis":"","trace_system":"urn:example:trace","trace_value":"T-pended","submission_id":"S-pended","claim_url":"urn:uuid:pended","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":{"result":"approved","action":null,"reasons":[],"notes":[],"authorization_number":"","administration_reference_number":"","previous_authorization_number":"","issued":null,"valid":{"start":null,"end":null},"quantity":null,"providers":[],"authorized":[],"channel":"phone","sources":[]}},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":{"result":"approved","action":null,"reasons":[],"notes":[],"authorization_number":"","administration_reference_number":"","previous_authorization_number":"","issued":null,"valid":{"start":null,"end":null},"quantity":null,"providers":[],"authorized":[],"channel":"phone","sources":[]}}],"additional":[],"rejections":[],"notes":[],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"","attempts":2,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:42.250006Z","submitted_at":"2026-03-02T09:30:28.250004Z","answered_at":"2026-03-02T09:30:42.250006Z","decided_at":"2026-03-02T09:30:42.250006Z"}');
INSERT INTO public."authorization" VALUES ('lost', 4, 'valley-clinic', 'order-lost', 'Patient/p1', 'acorn', 'in_doubt', 'none', '2026-03-05T09:30:00.250000Z', '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:21.250003Z', '{"id":"lost","version":4,"client":"valley-clinic","order_id":"order-lost","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"in_doubt","determination":"none","urgency":"expedited","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H","trace_system":"urn:example:trace","trace_value":"T-lost","submission_id":"S-lost","claim_url":"urn:uuid:lost","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"additional":[],"rejections":[],"notes":[],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"read-timeout","attempts":1,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:21.250003Z","submitted_at":"2026-03-02T09:30:14.250002Z","answered_at":null,"decided_at":null}');
INSERT INTO public."authorization" VALUES ('later', 2, 'valley-clinic', 'order-later', 'Patient/p1', 'acorn', 'ready', 'none', NULL, '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:07.250001Z', '{"id":"later","version":2,"client":"valley-clinic","order_id":"order-later","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"ready","determination":"none","urgency":"expedited","due_at":null,"due_basis":"","trace_system":"urn:example:trace","trace_value":"T-later","submission_id":"S-later","claim_url":"urn:uuid:later","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"additional":[],"rejections":[],"notes":[],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"","attempts":0,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:07.250001Z","submitted_at":null,"answered_at":null,"decided_at":null}');
INSERT INTO public."authorization" VALUES ('person', 4, 'valley-clinic', 'order-person', 'Patient/p1', 'acorn', 'person_needed', 'contact_payer', NULL, '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:21.250003Z', '{"id":"person","version":4,"client":"valley-clinic","order_id":"order-person","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"person_needed","determination":"contact_payer","urgency":"expedited","due_at":null,"due_basis":"","trace_system":"urn:example:trace","trace_value":"T-person","submission_id":"S-person","claim_url":"urn:uuid:person","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"additional":[{"replaces":[],"result":"approved","code":null,"modifiers":[],"quantity":null,"dates":{"start":"2026-04-01","end":null},"place":null,"providers":[],"authorization_number":"","valid":null,"action":null,"source":""}],"rejections":[],"notes":[],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"call them","attempts":1,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:21.250003Z","submitted_at":"2026-03-02T09:30:14.250002Z","answered_at":"2026-03-02T09:30:21.250003Z","decided_at":null}');
INSERT INTO public."authorization" VALUES ('handed', 2, 'valley-clinic', 'order-handed', 'Patient/p1', '', 'handed_off', 'none', NULL, '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:07.250001Z', '{"id":"handed","version":2,"client":"valley-clinic","order_id":"order-handed","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"","requestor":"","payer":"","guide":"","state":"handed_off","determination":"none","urgency":"standard","due_at":null,"due_basis":"","trace_system":"","trace_value":"","submission_id":"","claim_url":"","items":[],"additional":[],"rejections":[],"notes":[],"gaps":[],"blockers":[],"choices":[],"hold":false,"held_by":"","handoff":"e-prescribing","acknowledge":false,"attention":"","attempts":0,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:07.250001Z","submitted_at":null,"answered_at":null,"decided_at":null}');
INSERT INTO public."authorization" VALUES ('done', 4, 'valley-clinic', 'order-done', 'Patient/p1', 'acorn', 'decided', 'approved', NULL, '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:21.250003Z', '{"id":"done","version":4,"client":"valley-clinic","order_id":"order-done","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"decided","determination":"approved","urgency":"expedited","due_at":null,"due_basis":"","trace_system":"urn:example:trace","trace_value":"T-done","submission_id":"S-done","claim_url":"urn:uuid:done","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"additional":[],"rejections":[],"notes":[],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"","attempts":1,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:21.250003Z","submitted_at":"2026-03-02T09:30:14.250002Z","answered_at":"2026-03-02T09:30:21.250003Z","decided_at":"2026-03-02T09:30:21.250003Z"}');
INSERT INTO public."authorization" VALUES ('claimed', 2, 'valley-clinic', 'order-claimed', 'Patient/p1', 'acorn', 'ready', 'none', NULL, '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:07.250001Z', '{"id":"claimed","version":2,"client":"valley-clinic","order_id":"order-claimed","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"ready","determination":"none","urgency":"expedited","due_at":null,"due_basis":"","trace_system":"urn:example:trace","trace_value":"T-claimed","submission_id":"S-claimed","claim_url":"urn:uuid:claimed","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"additional":[],"rejections":[],"notes":[],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"","attempts":0,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:07.250001Z","submitted_at":null,"answered_at":null,"decided_at":null}');
INSERT INTO public."authorization" VALUES ('due', 2, 'valley-clinic', 'order-due', 'Patient/p1', 'acorn', 'ready', 'none', NULL, '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:07.250001Z', '{"id":"due","version":2,"client":"valley-clinic","order_id":"order-due","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"ready","determination":"none","urgency":"expedited","due_at":null,"due_basis":"","trace_system":"urn:example:trace","trace_value":"T-due","submission_id":"S-due","claim_url":"urn:uuid:due","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"additional":[],"rejections":[],"notes":[],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"","attempts":0,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:07.250001Z","submitted_at":null,"answered_at":null,"decided_at":null}');
INSERT INTO public."authorization" VALUES ('doubtful', 4, 'valley-clinic', 'order-doubtful', 'Patient/p1', 'acorn', 'in_doubt', 'none', '2026-03-05T09:30:00.250000Z', '2026-03-02T09:30:00.250000Z', '2026-03-02T09:30:21.250003Z', '{"id":"doubtful","version":4,"client":"valley-clinic","order_id":"order-doubtful","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","coverage":"Coverage/c1","requestor":"main","payer":"acorn","guide":"2.2.1","state":"in_doubt","determination":"none","urgency":"expedited","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H","trace_system":"urn:example:trace","trace_value":"T-doubtful","submission_id":"S-doubtful","claim_url":"urn:uuid:doubtful","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"additional":[],"rejections":[],"notes":[],"gaps":[],"blockers":[],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"hold":false,"held_by":"","handoff":"","acknowledge":false,"attention":"read-timeout","attempts":1,"not_before":null,"related":[],"created_at":"2026-03-02T09:30:00.250000Z","updated_at":"2026-03-02T09:30:21.250003Z","submitted_at":"2026-03-02T09:30:14.250002Z","answered_at":null,"decided_at":null}');


--
-- Data for Name: client; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.client VALUES ('valley-clinic', '0000000000000000000000000000000000000000000000000000000000000000', '2026-01-01T00:00:00.000000Z');


--
-- Data for Name: completion; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.completion VALUES ('order-gaps', 1, 'ehr:valley-clinic', '2026-03-02T09:30:00.250000Z', '55c0e1505562cf323cc26799812fccae4be06f5fd9d7b92ceb4ace729ca20ff6', '\x7b226e756d626572223a20317d');


--
-- Data for Name: event; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.event VALUES (1, 'decided', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-decided","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":true,"related":[]}');
INSERT INTO public.event VALUES (2, 'decided', 2, 'RequestBuilt', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-decided","submission_id":"S-decided","claim_url":"urn:uuid:decided","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (3, 'decided', 3, 'Held', '2026-03-02T09:30:14.250002Z', 'gateway', 'ready', 'held', '{"at":"2026-03-02T09:30:14.250002Z","actor":"gateway","reason":"the order asks for it"}');
INSERT INTO public.event VALUES (4, 'decided', 4, 'Released', '2026-03-02T09:30:21.250003Z', 'person:Ana Ruiz', 'held', 'ready', '{"at":"2026-03-02T09:30:21.250003Z","actor":"person:Ana Ruiz"}');
INSERT INTO public.event VALUES (5, 'decided', 5, 'SubmitStarted', '2026-03-02T09:30:28.250004Z', 'gateway', 'ready', 'submitting', '{"at":"2026-03-02T09:30:28.250004Z","actor":"gateway","exchange":"X-decided","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H"}');
INSERT INTO public.event VALUES (6, 'decided', 6, 'Decided', '2026-03-02T09:30:35.250005Z', 'gateway', 'submitting', 'decided', '{"at":"2026-03-02T09:30:35.250005Z","actor":"gateway","answers":[[1,{"result":"modified","action":{"code":"A6","system":"urn:example:306","source":"ClaimResponse.item[0]"},"reasons":[{"code":"0X","system":"","source":""}],"notes":[{"text":"Six visits – not twelve\r\nsee “letter”.","source":"ClaimResponse.processNote[0]"}],"authorization_number":"AUTH0001","administration_reference_number":"","previous_authorization_number":"","issued":"2026-03-03","valid":{"start":"2026-03-03","end":"2026-06-03"},"quantity":{"value":"6.0","unit":""},"providers":[{"reference":"Organization/o1","npi":"1234567893","source":""}],"authorized":[{"replaces":[1],"result":"approved","code":{"code":"73721","system":"","source":""},"modifiers":[{"code":"RT","system":"","source":""}],"quantity":{"value":"1E+1","unit":""},"dates":null,"place":null,"providers":[],"authorization_number":"","valid":null,"action":null,"source":""}],"channel":"pas","sources":[["result","ClaimResponse.item[0].adjudication[0]"]]}],[2,{"result":"denied","action":{"code":"A3","system":"","source":""},"reasons":[],"notes":[],"authorization_number":"","administration_reference_number":"","previous_authorization_number":"","issued":null,"valid":null,"quantity":null,"providers":[],"authorized":[],"channel":"pas","sources":[]}]],"additional":[],"notes":[{"text":"Six visits – not twelve\r\nsee “letter”.","source":"ClaimResponse.processNote[0]"}],"determination":"partly_approved","due_at":null,"due_basis":"","exchange":"","attention":""}');
INSERT INTO public.event VALUES (7, 'decided', 7, 'Acknowledged', '2026-03-02T09:30:42.250006Z', 'person:Ana Ruiz', 'decided', 'decided', '{"at":"2026-03-02T09:30:42.250006Z","actor":"person:Ana Ruiz"}');
INSERT INTO public.event VALUES (8, 'gaps', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-gaps","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":false,"related":["elsewhere"]}');
INSERT INTO public.event VALUES (9, 'gaps', 2, 'GapsFound', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'documenting', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","payer":"","due_at":null,"due_basis":"","gaps":[{"path":"ServiceRequest.code","need":"a billing code","rule":"billing-code","element":"Claim.item[0].productOrService"}],"blockers":[{"rule":"prof-1","path":"Bundle.entry[0]","text":"too many","fix":"remove one"}],"choices":[]}');
INSERT INTO public.event VALUES (10, 'gaps', 3, 'OrderCompleted', '2026-03-02T09:30:14.250002Z', 'gateway', 'documenting', 'received', '{"at":"2026-03-02T09:30:14.250002Z","actor":"gateway"}');
INSERT INTO public.event VALUES (11, 'gaps', 4, 'RequestBuilt', '2026-03-02T09:30:21.250003Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:21.250003Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-gaps","submission_id":"S-gaps","claim_url":"urn:uuid:gaps","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (12, 'gaps', 5, 'SubmitStarted', '2026-03-02T09:30:28.250004Z', 'gateway', 'ready', 'submitting', '{"at":"2026-03-02T09:30:28.250004Z","actor":"gateway","exchange":"X-gaps","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H"}');
INSERT INTO public.event VALUES (13, 'gaps', 6, 'Rejected', '2026-03-02T09:30:35.250005Z', 'gateway', 'submitting', 'rejected', '{"at":"2026-03-02T09:30:35.250005Z","actor":"gateway","rejections":[{"reason":{"code":"72","system":"","source":""},"follow_up":null,"element":"","path":"Claim.insurance[0]","text":"no such id","source":""}],"notes":[],"exchange":"","attention":""}');
INSERT INTO public.event VALUES (14, 'gaps', 7, 'Dropped', '2026-03-02T09:30:42.250006Z', 'gateway', 'rejected', 'cancelled', '{"at":"2026-03-02T09:30:42.250006Z","actor":"gateway","reason":"asked for by mistake"}');
INSERT INTO public.event VALUES (15, 'pended', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-pended","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"expedited","hold":false,"related":[]}');
INSERT INTO public.event VALUES (32, 'done', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-done","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":false,"related":[]}');
INSERT INTO public.event VALUES (45, 'doubtful', 4, 'ReplyLost', '2026-03-02T09:30:21.250003Z', 'gateway', 'submitting', 'in_doubt', '{"at":"2026-03-02T09:30:21.250003Z","actor":"gateway","reason":"read-timeout"}');
INSERT INTO public.event VALUES (16, 'pended', 2, 'RequestBuilt', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-pended","submission_id":"S-pended","claim_url":"urn:uuid:pended","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (17, 'pended', 3, 'SubmitStarted', '2026-03-02T09:30:14.250002Z', 'gateway', 'ready', 'submitting', '{"at":"2026-03-02T09:30:14.250002Z","actor":"gateway","exchange":"X-pended","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H"}');
INSERT INTO public.event VALUES (18, 'pended', 4, 'NotAccepted', '2026-03-02T09:30:21.250003Z', 'gateway', 'submitting', 'ready', '{"at":"2026-03-02T09:30:21.250003Z","actor":"gateway","reason":"connect-timeout","again_at":"2026-03-02T09:31:14.250002Z"}');
INSERT INTO public.event VALUES (19, 'pended', 5, 'SubmitStarted', '2026-03-02T09:30:28.250004Z', 'gateway', 'ready', 'submitting', '{"at":"2026-03-02T09:30:28.250004Z","actor":"gateway","exchange":"X-pended","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H"}');
INSERT INTO public.event VALUES (20, 'pended', 6, 'Pended', '2026-03-02T09:30:35.250005Z', 'gateway', 'submitting', 'pended', '{"at":"2026-03-02T09:30:35.250005Z","actor":"gateway","answers":[],"additional":[],"notes":[],"determination":"pended","due_at":"2026-03-11T09:30:00.250000Z","due_basis":"payer","exchange":"","attention":""}');
INSERT INTO public.event VALUES (21, 'pended', 7, 'DecisionRecorded', '2026-03-02T09:30:42.250006Z', 'gateway', 'pended', 'decided', '{"at":"2026-03-02T09:30:42.250006Z","actor":"gateway","answers":[[1,{"result":"approved","action":null,"reasons":[],"notes":[],"authorization_number":"","administration_reference_number":"","previous_authorization_number":"","issued":null,"valid":{"start":null,"end":null},"quantity":null,"providers":[],"authorized":[],"channel":"phone","sources":[]}],[2,{"result":"approved","action":null,"reasons":[],"notes":[],"authorization_number":"","administration_reference_number":"","previous_authorization_number":"","issued":null,"valid":{"start":null,"end":null},"quantity":null,"providers":[],"authorized":[],"channel":"phone","sources":[]}]],"additional":[],"notes":[],"determination":"none","due_at":null,"due_basis":"","exchange":"","attention":"","evidence":"call 17, Mr Okafor","decided_on":"2026-03-11"}');
INSERT INTO public.event VALUES (22, 'lost', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-lost","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":false,"related":[]}');
INSERT INTO public.event VALUES (23, 'lost', 2, 'RequestBuilt', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-lost","submission_id":"S-lost","claim_url":"urn:uuid:lost","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (24, 'lost', 3, 'SubmitStarted', '2026-03-02T09:30:14.250002Z', 'gateway', 'ready', 'submitting', '{"at":"2026-03-02T09:30:14.250002Z","actor":"gateway","exchange":"X-lost","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H"}');
INSERT INTO public.event VALUES (25, 'lost', 4, 'ReplyLost', '2026-03-02T09:30:21.250003Z', 'gateway', 'submitting', 'in_doubt', '{"at":"2026-03-02T09:30:21.250003Z","actor":"gateway","reason":"read-timeout"}');
INSERT INTO public.event VALUES (26, 'person', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-person","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":false,"related":[]}');
INSERT INTO public.event VALUES (27, 'person', 2, 'RequestBuilt', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-person","submission_id":"S-person","claim_url":"urn:uuid:person","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (28, 'person', 3, 'SubmitStarted', '2026-03-02T09:30:14.250002Z', 'gateway', 'ready', 'submitting', '{"at":"2026-03-02T09:30:14.250002Z","actor":"gateway","exchange":"X-person","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H"}');
INSERT INTO public.event VALUES (29, 'person', 4, 'PersonNeeded', '2026-03-02T09:30:21.250003Z', 'gateway', 'submitting', 'person_needed', '{"at":"2026-03-02T09:30:21.250003Z","actor":"gateway","answers":[],"additional":[{"replaces":[],"result":"approved","code":null,"modifiers":[],"quantity":null,"dates":{"start":"2026-04-01","end":null},"place":null,"providers":[],"authorization_number":"","valid":null,"action":null,"source":""}],"notes":[],"determination":"contact_payer","due_at":null,"due_basis":"","exchange":"","attention":"call them","rejections":[]}');
INSERT INTO public.event VALUES (30, 'handed', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-handed","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":false,"related":[]}');
INSERT INTO public.event VALUES (31, 'handed', 2, 'HandedOff', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'handed_off', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","where":"e-prescribing","choices":[]}');
INSERT INTO public.event VALUES (33, 'done', 2, 'RequestBuilt', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-done","submission_id":"S-done","claim_url":"urn:uuid:done","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (34, 'done', 3, 'SubmitStarted', '2026-03-02T09:30:14.250002Z', 'gateway', 'ready', 'submitting', '{"at":"2026-03-02T09:30:14.250002Z","actor":"gateway","exchange":"X-done","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H"}');
INSERT INTO public.event VALUES (35, 'done', 4, 'Decided', '2026-03-02T09:30:21.250003Z', 'gateway', 'submitting', 'decided', '{"at":"2026-03-02T09:30:21.250003Z","actor":"gateway","answers":[],"additional":[],"notes":[],"determination":"approved","due_at":null,"due_basis":"","exchange":"","attention":""}');
INSERT INTO public.event VALUES (36, 'claimed', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-claimed","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":false,"related":[]}');
INSERT INTO public.event VALUES (37, 'claimed', 2, 'RequestBuilt', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-claimed","submission_id":"S-claimed","claim_url":"urn:uuid:claimed","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (38, 'due', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-due","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":false,"related":[]}');
INSERT INTO public.event VALUES (39, 'due', 2, 'RequestBuilt', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-due","submission_id":"S-due","claim_url":"urn:uuid:due","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (40, 'later', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-later","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":false,"related":[]}');
INSERT INTO public.event VALUES (41, 'later', 2, 'RequestBuilt', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-later","submission_id":"S-later","claim_url":"urn:uuid:later","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (42, 'doubtful', 1, 'OrderReceived', '2026-03-02T09:30:00.250000Z', 'ehr:valley-clinic', NULL, 'received', '{"at":"2026-03-02T09:30:00.250000Z","actor":"ehr:valley-clinic","client":"valley-clinic","order_id":"order-doubtful","order_refs":["ServiceRequest/s1","ServiceRequest/s2"],"patient":"Patient/p1","urgency":"standard","hold":false,"related":[]}');
INSERT INTO public.event VALUES (43, 'doubtful', 2, 'RequestBuilt', '2026-03-02T09:30:07.250001Z', 'gateway', 'received', 'ready', '{"at":"2026-03-02T09:30:07.250001Z","actor":"gateway","items":[{"sequence":1,"order":"ServiceRequest/s1","trace_system":"urn:example:trace","trace_value":"T-1","service":{"code":"73721","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":{"value":"1.00","unit":"visits"},"dates":{"start":"2026-03-10","end":null},"answer":null},{"sequence":2,"order":"ServiceRequest/s2","trace_system":"urn:example:trace","trace_value":"T-2","service":{"code":"73722","system":"urn:example:service","source":""},"request_category":"","certification_type":"","service_type":"","place":"","quantity":null,"dates":null,"answer":null}],"choices":[{"what":"coverage","value":"Coverage/c1","why":"It is the primary one.","rule":"coverage-order"}],"payer":"acorn","guide":"2.2.1","requestor":"main","coverage":"Coverage/c1","urgency":"expedited","trace_system":"urn:example:trace","trace_value":"T-doubtful","submission_id":"S-doubtful","claim_url":"urn:uuid:doubtful","due_at":null,"due_basis":""}');
INSERT INTO public.event VALUES (44, 'doubtful', 3, 'SubmitStarted', '2026-03-02T09:30:14.250002Z', 'gateway', 'ready', 'submitting', '{"at":"2026-03-02T09:30:14.250002Z","actor":"gateway","exchange":"X-doubtful","due_at":"2026-03-05T09:30:00.250000Z","due_basis":"expedited PT72H"}');


--
-- Data for Name: exchange; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.exchange VALUES (1, 'leg-decided', 'decided', 'leg-decided', 'submit', 1, 'request', '2026-03-02T09:30:00.250000Z', 'https://payer.example.org/fhir/Claim/$submit', 0, 'application/fhir+json', 'S-1', '02d1c88c39c2d218ea0f3227c2288f287a790db4c7b5477038a0d65fa9884603', '\x00ff7b207d0d0a');
INSERT INTO public.exchange VALUES (2, 'leg-gaps', 'gaps', 'leg-gaps', 'submit', 1, 'request', '2026-03-02T09:30:00.250000Z', 'https://payer.example.org/fhir/Claim/$submit', 0, 'application/fhir+json', 'S-1', '02d1c88c39c2d218ea0f3227c2288f287a790db4c7b5477038a0d65fa9884603', '\x00ff7b207d0d0a');
INSERT INTO public.exchange VALUES (3, 'leg-pended', 'pended', 'leg-pended', 'submit', 1, 'request', '2026-03-02T09:30:00.250000Z', 'https://payer.example.org/fhir/Claim/$submit', 0, 'application/fhir+json', 'S-1', '02d1c88c39c2d218ea0f3227c2288f287a790db4c7b5477038a0d65fa9884603', '\x00ff7b207d0d0a');
INSERT INTO public.exchange VALUES (4, 'leg-lost', 'lost', 'leg-lost', 'submit', 1, 'request', '2026-03-02T09:30:00.250000Z', 'https://payer.example.org/fhir/Claim/$submit', 0, 'application/fhir+json', 'S-1', '02d1c88c39c2d218ea0f3227c2288f287a790db4c7b5477038a0d65fa9884603', '\x00ff7b207d0d0a');
INSERT INTO public.exchange VALUES (5, 'leg-person', 'person', 'leg-person', 'submit', 1, 'request', '2026-03-02T09:30:00.250000Z', 'https://payer.example.org/fhir/Claim/$submit', 0, 'application/fhir+json', 'S-1', '02d1c88c39c2d218ea0f3227c2288f287a790db4c7b5477038a0d65fa9884603', '\x00ff7b207d0d0a');
INSERT INTO public.exchange VALUES (6, 'leg-handed', 'handed', 'leg-handed', 'submit', 1, 'request', '2026-03-02T09:30:00.250000Z', 'https://payer.example.org/fhir/Claim/$submit', 0, 'application/fhir+json', 'S-1', '02d1c88c39c2d218ea0f3227c2288f287a790db4c7b5477038a0d65fa9884603', '\x00ff7b207d0d0a');


--
-- Data for Name: order; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public."order" VALUES ('order-decided', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-gaps', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-pended', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-lost', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-person', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-handed', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-done', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-claimed', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-due', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-later', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');
INSERT INTO public."order" VALUES ('order-doubtful', 'valley-clinic', '2026-03-02T09:30:00.250000Z', '397c79e6ce479194f75f390584db99271bf14440c24cb11200db8694f4e9f254', '\x7b227265736f7572636554797065223a2242756e646c65227d', true, false, '', 'acorn');


--
-- Data for Name: work; Type: TABLE DATA; Schema: public; Owner: -
--

INSERT INTO public.work VALUES ('done', '', NULL, '', NULL, 1);
INSERT INTO public.work VALUES ('claimed', 'submit', '2026-03-02T09:30:00.250000Z', 'worker-2', '2026-03-02T09:31:00.250000Z', 1);
INSERT INTO public.work VALUES ('due', 'submit', '2026-03-02T09:30:00.250000Z', '', NULL, 0);
INSERT INTO public.work VALUES ('later', 'submit', '2026-03-03T09:30:00.250000Z', '', NULL, 0);
INSERT INTO public.work VALUES ('doubtful', '', NULL, '', NULL, 1);


--
-- Name: event_position_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.event_position_seq', 45, true);


--
-- Name: exchange_position_seq; Type: SEQUENCE SET; Schema: public; Owner: -
--

SELECT pg_catalog.setval('public.exchange_position_seq', 6, true);


--
-- Name: alembic_version alembic_version_pkc; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);


--
-- Name: authorization pk_authorization; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."authorization"
    ADD CONSTRAINT pk_authorization PRIMARY KEY (id);


--
-- Name: client pk_client; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client
    ADD CONSTRAINT pk_client PRIMARY KEY (name);


--
-- Name: completion pk_completion; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.completion
    ADD CONSTRAINT pk_completion PRIMARY KEY (order_id, number);


--
-- Name: event pk_event; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event
    ADD CONSTRAINT pk_event PRIMARY KEY ("position");


--
-- Name: exchange pk_exchange; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.exchange
    ADD CONSTRAINT pk_exchange PRIMARY KEY ("position");


--
-- Name: order pk_order; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."order"
    ADD CONSTRAINT pk_order PRIMARY KEY (id);


--
-- Name: work pk_work; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.work
    ADD CONSTRAINT pk_work PRIMARY KEY ("authorization");


--
-- Name: client uq_client_token_sha256; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.client
    ADD CONSTRAINT uq_client_token_sha256 UNIQUE (token_sha256);


--
-- Name: event uq_event_authorization_version; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event
    ADD CONSTRAINT uq_event_authorization_version UNIQUE ("authorization", version);


--
-- Name: exchange uq_exchange_id; Type: CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.exchange
    ADD CONSTRAINT uq_exchange_id UNIQUE (id);


--
-- Name: ix_authorization_client_due_at_created_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_authorization_client_due_at_created_at_id ON public."authorization" USING btree (client, due_at, created_at, id);


--
-- Name: ix_authorization_due_at_created_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_authorization_due_at_created_at_id ON public."authorization" USING btree (due_at, created_at, id);


--
-- Name: ix_authorization_order_id_due_at_created_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_authorization_order_id_due_at_created_at_id ON public."authorization" USING btree (order_id, due_at, created_at, id);


--
-- Name: ix_authorization_patient_due_at_created_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_authorization_patient_due_at_created_at_id ON public."authorization" USING btree (patient, due_at, created_at, id);


--
-- Name: ix_authorization_payer_due_at_created_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_authorization_payer_due_at_created_at_id ON public."authorization" USING btree (payer, due_at, created_at, id);


--
-- Name: ix_authorization_state_due_at_created_at_id; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_authorization_state_due_at_created_at_id ON public."authorization" USING btree (state, due_at, created_at, id);


--
-- Name: ix_exchange_authorization_position; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_exchange_authorization_position ON public.exchange USING btree ("authorization", "position");


--
-- Name: ix_work_due_at_authorization; Type: INDEX; Schema: public; Owner: -
--

CREATE INDEX ix_work_due_at_authorization ON public.work USING btree (due_at, "authorization");


--
-- Name: completion completion_change; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER completion_change BEFORE DELETE OR UPDATE ON public.completion FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

ALTER TABLE public.completion ENABLE ALWAYS TRIGGER completion_change;


--
-- Name: completion completion_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER completion_truncate BEFORE TRUNCATE ON public.completion FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

ALTER TABLE public.completion ENABLE ALWAYS TRIGGER completion_truncate;


--
-- Name: event event_change; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER event_change BEFORE DELETE OR UPDATE ON public.event FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

ALTER TABLE public.event ENABLE ALWAYS TRIGGER event_change;


--
-- Name: event event_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER event_truncate BEFORE TRUNCATE ON public.event FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

ALTER TABLE public.event ENABLE ALWAYS TRIGGER event_truncate;


--
-- Name: exchange exchange_change; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER exchange_change BEFORE DELETE OR UPDATE ON public.exchange FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

ALTER TABLE public.exchange ENABLE ALWAYS TRIGGER exchange_change;


--
-- Name: exchange exchange_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER exchange_truncate BEFORE TRUNCATE ON public.exchange FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

ALTER TABLE public.exchange ENABLE ALWAYS TRIGGER exchange_truncate;


--
-- Name: order order_change; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER order_change BEFORE DELETE OR UPDATE ON public."order" FOR EACH ROW EXECUTE FUNCTION public.refuse_change();

ALTER TABLE public."order" ENABLE ALWAYS TRIGGER order_change;


--
-- Name: order order_truncate; Type: TRIGGER; Schema: public; Owner: -
--

CREATE TRIGGER order_truncate BEFORE TRUNCATE ON public."order" FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();

ALTER TABLE public."order" ENABLE ALWAYS TRIGGER order_truncate;


--
-- Name: authorization fk_authorization_order_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public."authorization"
    ADD CONSTRAINT fk_authorization_order_id FOREIGN KEY (order_id) REFERENCES public."order"(id);


--
-- Name: completion fk_completion_order_id; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.completion
    ADD CONSTRAINT fk_completion_order_id FOREIGN KEY (order_id) REFERENCES public."order"(id);


--
-- Name: event fk_event_authorization; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.event
    ADD CONSTRAINT fk_event_authorization FOREIGN KEY ("authorization") REFERENCES public."authorization"(id);


--
-- Name: exchange fk_exchange_authorization; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.exchange
    ADD CONSTRAINT fk_exchange_authorization FOREIGN KEY ("authorization") REFERENCES public."authorization"(id);


--
-- Name: work fk_work_authorization; Type: FK CONSTRAINT; Schema: public; Owner: -
--

ALTER TABLE ONLY public.work
    ADD CONSTRAINT fk_work_authorization FOREIGN KEY ("authorization") REFERENCES public."authorization"(id);


--
-- PostgreSQL database dump complete
--


