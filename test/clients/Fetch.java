// Reads ten rows, waits for a line of its input, and tells what the next ten meet.
import java.sql.*;

public class Fetch {
    public static void main(String[] arguments) throws Exception {
        Connection connection = DriverManager.getConnection(arguments[0]);
        connection.setAutoCommit(false);
        Statement statement = connection.createStatement();
        statement.setFetchSize(10);
        ResultSet rows = statement.executeQuery("SELECT id FROM orders");
        int count = 0;
        while (count < 10 && rows.next())
            count++;
        System.out.println(count);
        System.in.read();
        try {
            System.out.println(rows.next() ? "1" : "0");
        } catch (SQLException error) {
            System.out.println(error.getSQLState() + " " + error.getMessage());
        }
    }
}
